namespace KvStore;

/// <summary>
/// Bounds how many expensive reads run at one time, so that cheap ones find a processor and memory. The others wait in order, in bounded number
/// and for a bounded time. Thread-safe.
/// </summary>
public sealed class ReadGate
{
    // How much the latest read counts in the average time of one.
    private const double LatestShare = 0.2;

    private readonly int _runningMax;
    private readonly int _waitingMax;
    private readonly TimeSpan _waitMax;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    // Guarded by the lock.
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private int _running;
    private long _rejected;
    private double _averageSeconds;

    /// <param name="runningMax">Reads that run at one time, at least 1.</param>
    /// <param name="waitingMax">Reads that wait; one more is rejected at once.</param>
    /// <param name="waitMax">How long a read waits.</param>
    /// <param name="time">The clock.</param>
    public ReadGate(int runningMax, int waitingMax, TimeSpan waitMax, TimeProvider time) =>
        (_runningMax, _waitingMax, _waitMax, _time) = (runningMax, waitingMax, waitMax, time);

    /// <summary>Reads that run.</summary>
    public int Running
    {
        get
        {
            lock (_lock)
                return _running;
        }
    }

    /// <summary>Reads that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Reads that were not let in so far.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>When a read that comes now would start, as far as the last ones tell; at least a second, at most a minute.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            lock (_lock)
                return TimeSpan.FromSeconds(Math.Clamp(_averageSeconds * (_waiting.Count + 1) / _runningMax, 1, 60));
        }
    }

    /// <summary>Waits until a read may run.</summary>
    /// <returns>The pass of the read, which the caller disposes when it has ended; null when too many wait, or it has waited too long.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<Pass?> EnterAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> place;
        lock (_lock)
        {
            if (_running < _runningMax)
            {
                _running++;
                return ValueTask.FromResult<Pass?>(new Pass(this));
            }

            if (_waiting.Count >= _waitingMax)
            {
                _rejected++;
                return ValueTask.FromResult<Pass?>(null);
            }

            place = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return WaitAsync(place, cancellationToken);
    }

    private async ValueTask<Pass?> WaitAsync(LinkedListNode<TaskCompletionSource> place, CancellationToken cancellationToken)
    {
        try
        {
            await place.Value.Task.WaitAsync(_waitMax, _time, cancellationToken).ConfigureAwait(false);
            return new Pass(this);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            if (TryGiveUp(place, isRejection: exception is TimeoutException))
            {
                if (exception is TimeoutException)
                    return null;
                throw;
            }

            // The place was granted meanwhile, and so must be left.
            var pass = new Pass(this);
            if (exception is TimeoutException)
                return pass;
            pass.Dispose();
            throw;
        }
    }

    private bool TryGiveUp(LinkedListNode<TaskCompletionSource> place, bool isRejection)
    {
        lock (_lock)
        {
            if (place.List is null)
                return false;
            _waiting.Remove(place);
            if (isRejection)
                _rejected++;
            return true;
        }
    }

    private void Leave(TimeSpan elapsed)
    {
        lock (_lock)
        {
            _averageSeconds += LatestShare * (elapsed.TotalSeconds - _averageSeconds);
            if (_waiting.First is { } next)
            {
                // The one that leaves gives its place to the next.
                _waiting.RemoveFirst();
                next.Value.SetResult();
            }
            else
            {
                _running--;
            }
        }
    }

    /// <summary>The right of one read to run. Its holder disposes it once.</summary>
    public sealed class Pass : IDisposable
    {
        private readonly long _startedAt;
        private ReadGate? _gate;

        internal Pass(ReadGate gate) => (_gate, _startedAt) = (gate, gate._time.GetTimestamp());

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _gate, null) is { } gate)
                gate.Leave(gate._time.GetElapsedTime(_startedAt));
        }
    }
}
