using System.Threading.Channels;

namespace KvStore;

/// <summary>
/// What stands between callers and the owner loop: bounded by operations and by bytes, refusing what is over, so that a
/// caller never waits to be admitted and never holds memory that nobody counted. An owner that waits goes on in the thread of
/// the caller who ends the wait: for a single small write, handing it to another thread would be most of the work.
/// </summary>
internal sealed class TransactionQueue(StoreOptions options)
{
    private readonly Channel<PendingTransaction> _channel = Channel.CreateBounded<PendingTransaction>(
        new BoundedChannelOptions(options.QueueOperationsMax) { SingleReader = true, AllowSynchronousContinuations = true });

    // Stands in the queue for nothing but an owner who waits.
    private readonly PendingTransaction _wake = new(new Transaction([], []));

    private PendingTransaction? _internal;
    private long _bytes;

    /// <summary>Operations that wait.</summary>
    public int Count => _channel.Reader.Count;

    /// <summary>Bytes of keys and values that were admitted and not yet released.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Admits a command; false when the queue is full or closed.</summary>
    public bool TryAdmit(PendingTransaction pending)
    {
        var bytes = pending.Transaction.Bytes;
        if (Interlocked.Add(ref _bytes, bytes) <= options.QueueBytesMax && _channel.Writer.TryWrite(pending))
            return true;
        Interlocked.Add(ref _bytes, -bytes);
        return false;
    }

    /// <summary>Admits one command of the store's own, however full the queue is; false when the one before was not taken yet.</summary>
    public bool TryAdmitInternal(PendingTransaction pending)
    {
        if (Interlocked.CompareExchange(ref _internal, pending, null) is not null)
            return false;
        Interlocked.Add(ref _bytes, pending.Transaction.Bytes);

        // When there is no room for it, the owner is not waiting.
        _channel.Writer.TryWrite(_wake);
        return true;
    }

    /// <summary>Admits nothing more. What was admitted can still be taken.</summary>
    public void Close() => _channel.Writer.TryComplete();

    /// <summary>Waits until there is something to take; false when there never will be. For the owner.</summary>
    public ValueTask<bool> WaitAsync() => _channel.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Takes what waits, up to the size of a batch; false when nothing does. For the owner.</summary>
    /// <param name="batch">Emptied first.</param>
    public bool TryTake(List<PendingTransaction> batch)
    {
        batch.Clear();
        if (Volatile.Read(ref _internal) is not null)
            batch.Add(Interlocked.Exchange(ref _internal, null)!);
        while (batch.Count < options.BatchOperationsMax && _channel.Reader.TryRead(out var pending))
        {
            if (pending != _wake)
                batch.Add(pending);
        }

        return batch.Count > 0;
    }

    /// <summary>Gives back the room of a command that has its outcome. For the owner.</summary>
    public void Release(PendingTransaction pending) => Interlocked.Add(ref _bytes, -pending.Transaction.Bytes);
}
