namespace KvStore.Etcd;

/// <summary>How far something is, and waits for it. Thread-safe.</summary>
internal sealed class PositionSignal
{
    private readonly Lock _lock = new();

    // By position; those that wait for the same one share it.
    private readonly SortedDictionary<long, Waiters> _waiting = [];
    private long _position;

    /// <summary>How far it is.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>How many positions are waited for.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Begins to wait for a position. The wait is kept until the position is reached, or until it is disposed of.</summary>
    public PositionWait WaitFor(long position)
    {
        if (Position >= position)
            return new PositionWait(null, position, Task.CompletedTask);
        lock (_lock)
        {
            if (_position >= position)
                return new PositionWait(null, position, Task.CompletedTask);
            if (!_waiting.TryGetValue(position, out var waiters))
                _waiting.Add(position, waiters = new Waiters());
            waiters.Count++;
            return new PositionWait(this, position, waiters.Reached.Task);
        }
    }

    /// <summary>Moves on, never back.</summary>
    public void Advance(long position)
    {
        lock (_lock)
        {
            if (position <= _position)
                return;
            Volatile.Write(ref _position, position);
            while (_waiting.Count > 0 && _waiting.First() is var (wanted, waiters) && wanted <= position)
            {
                _waiting.Remove(wanted);
                waiters.Reached.TrySetResult();
            }
        }
    }

    /// <summary>Ends one wait for a position.</summary>
    public void Release(long position)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(position, out var waiters) && --waiters.Count == 0)
                _waiting.Remove(position);
        }
    }

    private sealed class Waiters
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count { get; set; }
    }
}

/// <summary>A wait for a position.</summary>
/// <param name="signal">What it waits for; null if nothing has to be released.</param>
/// <param name="position">The position.</param>
/// <param name="reached">Completes when it is reached.</param>
internal readonly struct PositionWait(PositionSignal? signal, long position, Task reached) : IDisposable
{
    /// <summary>Completes when the position is reached.</summary>
    public Task Reached => reached;

    public void Dispose() => signal?.Release(position);
}
