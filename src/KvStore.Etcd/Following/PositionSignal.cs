namespace KvStore.Etcd;

/// <summary>How far the log is applied, as a revision of etcd, and a wait for it. Thread-safe.</summary>
internal sealed class PositionSignal
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private long _position;

    /// <summary>The revision of etcd up to which everything is applied.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Completes when a revision is reached.</summary>
    public Task WaitAsync(long revision)
    {
        if (Position >= revision)
            return Task.CompletedTask;
        lock (_lock)
        {
            if (_position >= revision)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(reached, revision);
            return reached.Task;
        }
    }

    /// <summary>Moves on, never back.</summary>
    public void Advance(long revision)
    {
        lock (_lock)
        {
            if (revision <= _position)
                return;
            Volatile.Write(ref _position, revision);
            while (_waiting.TryPeek(out var reached, out var wanted) && wanted <= revision)
            {
                _waiting.Dequeue();
                reached.TrySetResult();
            }
        }
    }
}
