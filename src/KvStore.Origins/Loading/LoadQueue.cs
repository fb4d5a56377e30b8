using System.Threading.Channels;

namespace KvStore.Origins;

/// <summary>A load in the queue.</summary>
/// <param name="Load">The load; null for a worker that is to end when nothing else is queued.</param>
/// <param name="Rank">Lower ones are taken first.</param>
/// <param name="Sequence">The order within a rank.</param>
/// <param name="QueuedAt">The timestamp at which it was queued.</param>
internal readonly record struct QueuedLoad(Load? Load, int Rank, long Sequence, long QueuedAt) : IComparable<QueuedLoad>
{
    public int CompareTo(QueuedLoad other) => Rank != other.Rank ? Rank.CompareTo(other.Rank) : Sequence.CompareTo(other.Sequence);
}

/// <summary>
/// The channel between requests and workers: loads that a request waits for come before refreshes, and each kind in order. <see cref="LoadTable"/> bounds it,
/// because a load that is tried again must find room. Any thread may write; one worker at a time reads.
/// </summary>
internal sealed class LoadQueue(TimeProvider time)
{
    private const int ForegroundRank = 0;
    private const int RefreshRank = 1;
    private const int RetirementRank = 2;

    private readonly Channel<QueuedLoad> _channel = Channel.CreateUnboundedPrioritized<QueuedLoad>();
    private long _sequence;
    private volatile GroupSignal? _signal;
    private volatile bool _isClosed;

    /// <summary>Loads in the queue, with those that are done already.</summary>
    public int Count => _channel.Reader.Count;

    /// <summary>When the load that comes next was queued; null if there is none.</summary>
    public long? NextQueuedAt => _channel.Reader.TryPeek(out var next) && next.Load is not null ? next.QueuedAt : null;

    /// <summary>Called after a load was queued.</summary>
    public Action Queued { get; set; } = () => { };

    /// <summary>Queues a load after all others of its kind. Does nothing once the queue is closed.</summary>
    public void Write(Load load)
    {
        Write(load, load.IsForeground ? ForegroundRank : RefreshRank);
        Queued();
        if (_signal is { } signal && Count >= signal.Count)
            signal.Reached.TrySetResult();
    }

    /// <summary>Has a worker end once nothing is queued.</summary>
    public void WriteRetirement() => Write(null, RetirementRank);

    /// <summary>Takes the load that comes next.</summary>
    public bool TryReadLoad(out QueuedLoad queued) => TryRead(isLoad: true, out queued);

    /// <summary>Takes what <see cref="WriteRetirement"/> has put there; false if there is a load.</summary>
    public bool TryReadRetirement() => TryRead(isLoad: false, out _);

    /// <summary>Puts back what was taken, in its place.</summary>
    public void PutBack(QueuedLoad queued) => _channel.Writer.TryWrite(queued);

    /// <summary>Waits until something is queued; false when the queue is closed and empty.</summary>
    public ValueTask<bool> WaitAsync() => _channel.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Waits until so many loads are queued, or the time has passed since the next of them was.</summary>
    public async Task WaitForAsync(int count, TimeSpan length)
    {
        var signal = new GroupSignal(count);
        _signal = signal;

        // The order matters because what happens before the signal is in place does not complete it.
        Interlocked.MemoryBarrier();
        if (!_isClosed && Count < count && NextQueuedAt is { } queuedAt && length - time.GetElapsedTime(queuedAt) is var left && left > TimeSpan.Zero)
        {
            await using var timer = time.CreateTimer(static signal => ((GroupSignal)signal!).Reached.TrySetResult(), signal, left, Timeout.InfiniteTimeSpan);
            await signal.Reached.Task;
        }

        _signal = null;
    }

    /// <summary>Admits nothing more.</summary>
    public void Close()
    {
        _channel.Writer.TryComplete();
        _isClosed = true;
        Interlocked.MemoryBarrier();
        _signal?.Reached.TrySetResult();
    }

    private bool TryRead(bool isLoad, out QueuedLoad queued)
    {
        queued = default;
        if (!_channel.Reader.TryPeek(out var next) || next.Load is not null != isLoad || !_channel.Reader.TryRead(out queued))
            return false;

        // Something that goes first may have been queued since.
        if (queued.Load is not null == isLoad)
            return true;
        PutBack(queued);
        return false;
    }

    private void Write(Load? load, int rank) =>
        _channel.Writer.TryWrite(new QueuedLoad(load, rank, Interlocked.Increment(ref _sequence), time.GetTimestamp()));

    private sealed record GroupSignal(int Count)
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
