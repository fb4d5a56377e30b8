namespace KvStore.Origins;

/// <summary>
/// The loads in progress, one for each key, and the requests that wait for them. A load belongs to the table and not to a request: it ends with a result or at its
/// deadline, whether or not a request still waits. Any thread may use it.
/// </summary>
internal sealed class LoadTable : IDisposable
{
    private readonly OriginOptions _options;
    private readonly LoadQueue _queue;
    private readonly LoadCounters _counters;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    // Guards all that follows, and what changes in a load.
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Load> _loads = [];
    private readonly FailureMemory _failures;

    // All loads have the same time, so the order of their admission is that of their deadlines, and one timer does for all.
    private readonly LinkedList<Load> _byDeadline = [];
    private bool _isTimerSet;
    private bool _isClosed;
    private int _waiters;

    public LoadTable(OriginOptions options, LoadQueue queue, LoadCounters counters, TimeProvider time)
    {
        (_options, _queue, _counters, _time) = (options, queue, counters, time);
        _failures = new FailureMemory(options.FailureFor, options.WaitersMax, time);
        _timer = time.CreateTimer(static table => ((LoadTable)table!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Loads in progress, as of a moment ago.</summary>
    public int Count => _loads.Count;

    /// <summary>Requests that wait.</summary>
    public int Waiters => Volatile.Read(ref _waiters);

    /// <summary>Has a request wait for the load of a key, which begins unless it is in progress. A request that waits must <see cref="Leave"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isNeeded">Whether the key has to be loaded, asked if no load is in progress: one may have ended since the request found that out.</param>
    /// <param name="findObstacle">Why no load can begin now; null if one can.</param>
    /// <param name="load">The load; null if the key need not be loaded, or cannot be.</param>
    /// <param name="isNew">Whether it begins now.</param>
    /// <returns>Why the key cannot be loaded; null if it can, or need not be.</returns>
    public LoadResult.Failed? TryJoin(Key key, Func<bool> isNeeded, Func<LoadResult.Failed?> findObstacle, out Load? load, out bool isNew)
    {
        lock (_lock)
        {
            isNew = !_loads.TryGetValue(key, out load);
            if (isNew && !isNeeded())
                return null;
            var reason = isNew ? FindReason(key, findObstacle) : null;
            reason ??= _waiters >= _options.WaitersMax ? LoadFailures.TooManyWaiters : null;
            if (reason is not null)
            {
                load = null;
                return reason;
            }

            load ??= Add(key, isForeground: true);
            _waiters++;
            if (!isNew)
            {
                _counters.CountCollapsed();
                Promote(load);
            }

            return null;
        }
    }

    /// <summary>Begins a load that no request waits for, unless one is in progress or it is not needed; false if none can begin.</summary>
    public bool TryRefresh(Key key, Func<bool> isNeeded, Func<LoadResult.Failed?> findObstacle)
    {
        lock (_lock)
        {
            if (_loads.ContainsKey(key) || !isNeeded())
                return true;
            if (FindReason(key, findObstacle) is not null)
                return false;
            Add(key, isForeground: false);
            return true;
        }
    }

    /// <summary>A request no longer waits. The load of its key is not affected.</summary>
    public void Leave()
    {
        lock (_lock)
            _waiters--;
    }

    /// <summary>Takes a load from the queue for a call; false if it has its result, or is taken already: a load that was promoted is queued twice.</summary>
    public bool TryStart(Load load)
    {
        lock (_lock)
        {
            if (load.State != LoadState.Queued)
                return false;
            load.State = LoadState.Running;
            return true;
        }
    }

    /// <summary>Puts a load back into the queue whose call failed.</summary>
    public void Requeue(Load load)
    {
        lock (_lock)
        {
            load.Retry?.Dispose();
            if (load.State == LoadState.Done)
                return;
            load.State = LoadState.Queued;
            _queue.Write(load);
        }
    }

    /// <summary>The same after some time, during which the load keeps no worker.</summary>
    public void Requeue(Load load, TimeSpan delay)
    {
        lock (_lock)
        {
            if (load.State == LoadState.Done)
                return;
            load.State = LoadState.Delayed;
            load.Retry = _time.CreateTimer(_ => Requeue(load), null, delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends a load. The first result counts.</summary>
    /// <param name="load">The load.</param>
    /// <param name="result">What the origin answered, or why there is no answer.</param>
    /// <param name="commit">What became of the answer; null if there is none.</param>
    /// <param name="ticket">What the load found when it began; null if there is no answer.</param>
    public void Complete(Load load, LoadResult result, LoadCommit? commit = null, LoadTicket? ticket = null)
    {
        lock (_lock)
        {
            if (!TryRemove(load))
                return;
            if (result is LoadResult.Failed failure)
                result = _failures.Add(load.Key, failure);
        }

        End(load, result, commit, ticket);
    }

    /// <summary>How long a load has until its deadline.</summary>
    public TimeSpan TimeLeft(Load load) => _time.GetElapsedTime(_time.GetTimestamp(), load.Deadline);

    /// <summary>Ends the loads that no call is made for, and whose deadline is within some time.</summary>
    public void FailWaiting(TimeSpan within, LoadResult.Failed failure)
    {
        List<Load> failed;
        lock (_lock)
        {
            failed = [.. _byDeadline.TakeWhile(load => TimeLeft(load) <= within).Where(load => load.State != LoadState.Running)];
            failed.ForEach(load => TryRemove(load));
        }

        failed.ForEach(load => End(load, failure));
    }

    /// <summary>Admits no load any more, and ends those that no call is made for.</summary>
    public void Close(LoadResult.Failed failure)
    {
        lock (_lock)
            _isClosed = true;
        FailWaiting(TimeSpan.MaxValue, failure);
    }

    public void Dispose() => _timer.Dispose();

    private LoadResult.Failed? FindReason(Key key, Func<LoadResult.Failed?> findObstacle)
    {
        if (_isClosed)
            return LoadFailures.Stopping;
        if (_failures.TryGet(key, out var failure))
            return failure;

        // The queue may still have loads that are done; they count too, because they take memory.
        return _queue.Count >= _options.WaitersMax ? LoadFailures.TooManyLoads : findObstacle();
    }

    private Load Add(Key key, bool isForeground)
    {
        var deadline = _time.GetTimestamp() + (long)(_options.LoadTimeout.TotalSeconds * _time.TimestampFrequency);
        var load = new Load(key, deadline) { IsForeground = isForeground };
        load.Node = _byDeadline.AddLast(load);
        _loads.Add(key, load);
        _queue.Write(load);
        SetTimer();
        return load;
    }

    private void Promote(Load load)
    {
        if (load.IsForeground)
            return;
        load.IsForeground = true;
        if (load.State == LoadState.Queued)
            _queue.Write(load);
    }

    private void End(Load load, LoadResult result, LoadCommit? commit = null, LoadTicket? ticket = null)
    {
        _counters.Count(result);
        load.Completion.SetResult(new(result, commit, IsCollapsed: false) { Ticket = ticket });
    }

    private bool TryRemove(Load load)
    {
        if (load.State == LoadState.Done)
            return false;
        load.State = LoadState.Done;
        load.Retry?.Dispose();
        _byDeadline.Remove(load.Node!);
        _loads.Remove(load.Key);
        return true;
    }

    private void OnTimer()
    {
        List<(Load Load, LoadResult.Failed Failure)> late = [];
        lock (_lock)
        {
            _isTimerSet = false;
            while (_byDeadline.First?.Value is { } first && TimeLeft(first) <= TimeSpan.Zero)
            {
                var failure = first.State == LoadState.Running ? LoadFailures.NotAnswered(_options) : first.Failure ?? LoadFailures.NotCalled(_options);
                TryRemove(first);
                late.Add((first, _failures.Add(first.Key, failure)));
            }

            SetTimer();
        }

        late.ForEach(load => End(load.Load, load.Failure));
    }

    private void SetTimer()
    {
        if (_isTimerSet || _byDeadline.First is not { } first)
            return;
        _isTimerSet = true;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(TimeLeft(first.Value).TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }
}
