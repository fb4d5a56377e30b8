namespace KvStore.Origins;

/// <summary>
/// The workers of a pool: at least Min and at most Max. When a load has waited for a worker for GrowAfter, or would have to because so many are before it, there is soon one for each
/// load that waits; those that no load needed for ShrinkAfter end. Any thread may use it.
/// </summary>
/// <remarks>
/// How long a load would wait follows from how long calls take. Until one has ended that is taken to be GrowAfter, so that a new pool does not work off its first long queue with few
/// workers. What a load waits for a token does not count: another worker would wait too. It shrinks to the most workers that were busy at a time, and not by how long each
/// was idle: idle workers take turns, so that with one load now and then all of many would stay.
/// </remarks>
internal sealed class WorkerCrew : IDisposable
{
    // The part of the average that the latest call is.
    private const int Smoothing = 8;

    private readonly OriginWorkerOptions _options;
    private readonly int _keysMax;
    private readonly LoadQueue _queue;
    private readonly TokenBucket _tokens;
    private readonly TimeProvider _time;
    private readonly Func<Task> _work;
    private readonly ITimer _growing;
    private readonly ITimer _shrinking;

    // Guards all that follows.
    private readonly Lock _lock = new();
    private readonly List<Task> _workers = [];
    private bool _isGrowing;
    private bool _isShrinking;
    private bool _isClosed;
    private int _count;
    private int _retirements;
    private int _busy;
    private int _busyMax;

    // Busy workers whose loads are in the queue still.
    private int _taking;

    // Smoothed; null until a call has ended.
    private TimeSpan? _callLength;

    /// <param name="options">The bounds.</param>
    /// <param name="keysMax">The loads that a worker can take at a time.</param>
    /// <param name="queue">The loads that wait.</param>
    /// <param name="tokens">What workers wait for.</param>
    /// <param name="work">What a worker does until it ends.</param>
    /// <param name="time">The clock.</param>
    public WorkerCrew(OriginWorkerOptions options, int keysMax, LoadQueue queue, TokenBucket tokens, Func<Task> work, TimeProvider time)
    {
        (_options, _keysMax, _queue, _tokens, _work, _time) = (options, keysMax, queue, tokens, work, time);
        _growing = time.CreateTimer(static crew => ((WorkerCrew)crew!).OnGrowing(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _shrinking = time.CreateTimer(static crew => ((WorkerCrew)crew!).OnShrinking(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        queue.Queued = WatchQueue;
    }

    /// <summary>Workers that there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Workers that call the origin, or store what it answered.</summary>
    public int Busy => Volatile.Read(ref _busy);

    /// <summary>Starts the first workers.</summary>
    public void Start()
    {
        lock (_lock)
            Start(_options.Min);
    }

    /// <summary>A worker is about to take loads from the queue for a call.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            _taking++;
            _busyMax = Math.Max(_busyMax, ++_busy);
        }
    }

    /// <summary>There were none, after <see cref="Enter"/>.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _taking--;
            _busy--;
        }
    }

    /// <summary>A worker has taken its loads, after <see cref="Enter"/>, and begins the call.</summary>
    /// <returns>What <see cref="End"/> needs.</returns>
    public long Begin()
    {
        lock (_lock)
        {
            _taking--;
            GrowAhead();
        }

        return _time.GetTimestamp();
    }

    /// <summary>A worker has ended its call.</summary>
    public void End(long beganAt)
    {
        var length = _time.GetElapsedTime(beganAt);
        lock (_lock)
        {
            _busy--;
            _callLength = _callLength is { } average ? average + ((length - average) / Smoothing) : length;
        }
    }

    /// <summary>Whether a worker that has taken a retirement from the queue ends; it must.</summary>
    public bool TryRetire()
    {
        lock (_lock)
        {
            _retirements--;
            if (_count <= _options.Min)
                return false;
            _count--;
            return true;
        }
    }

    /// <summary>Starts no more workers.</summary>
    /// <returns>Those that there are. They end when the queue is closed and empty.</returns>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            _isClosed = true;
            return Task.WhenAll(_workers);
        }
    }

    public void Dispose()
    {
        _growing.Dispose();
        _shrinking.Dispose();
    }

    private void WatchQueue()
    {
        lock (_lock)
        {
            GrowAhead();
            SetGrowing(_options.GrowAfter);
        }
    }

    /// <summary>Grows by what would wait for longer than loads shall. Idle workers take some of the queue, and what has no token would wait all the same.</summary>
    private void GrowAhead()
    {
        var room = _options.Max - _count;
        if (_isClosed || room <= 0)
            return;
        var waiting = _tokens.Admit(Groups - _taking) - (_count - _busy);
        if (waiting > 0 && (_callLength ?? _options.GrowAfter) * ((double)waiting / _count) >= _options.GrowAfter)
            Start(Math.Min(waiting, room));
    }

    private int Groups => (_queue.Count + _keysMax - 1) / _keysMax;

    private void SetGrowing(TimeSpan due)
    {
        if (_isGrowing || _isClosed || _count == _options.Max)
            return;
        _isGrowing = true;
        _growing.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void OnGrowing()
    {
        lock (_lock)
        {
            _isGrowing = false;
            if (_isClosed || _queue.NextQueuedAt is not { } queuedAt)
                return;
            var left = _options.GrowAfter - _time.GetElapsedTime(Math.Max(queuedAt, _tokens.WaitedUntil));
            if (left <= TimeSpan.Zero)
                Start(Math.Min(Groups, _options.Max - _count));
            SetGrowing(left > TimeSpan.Zero ? left : _options.GrowAfter);
        }
    }

    private void Start(int more)
    {
        _workers.RemoveAll(worker => worker.IsCompleted);
        for (var i = 0; i < more; i++)
            _workers.Add(Task.Run(_work));
        _count += more;
        SetShrinking();
    }

    private void SetShrinking()
    {
        if (_isShrinking || _isClosed || _count <= _options.Min)
            return;
        _isShrinking = true;
        _shrinking.Change(_options.ShrinkAfter, Timeout.InfiniteTimeSpan);
    }

    private void OnShrinking()
    {
        lock (_lock)
        {
            _isShrinking = false;
            for (var surplus = _count - Math.Max(_options.Min, _busyMax) - _retirements; surplus > 0; surplus--)
            {
                _retirements++;
                _queue.WriteRetirement();
            }

            _busyMax = _busy;
            SetShrinking();
        }
    }
}
