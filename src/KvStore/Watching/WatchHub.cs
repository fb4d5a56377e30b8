namespace KvStore;

/// <summary>
/// Looks at every commit once, as long as anybody watches, and tells those whom it concerns. So the writer knows nothing of
/// watchers, and a watcher costs nothing while others' keys change.
/// </summary>
/// <param name="publisher">Where commits come from.</param>
/// <param name="options">The limits.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Told when something threw that must not. All watchers have ended by then.</param>
internal sealed class WatchHub(SnapshotPublisher publisher, StoreOptions options, TimeProvider time, Action<Exception> failed) : IDisposable
{
    // What it costs to hand something to a watcher, roughly. When many are told at once, the next round waits that long, so that
    // they get several commits in one go, and requests get the processor, too.
    private static readonly TimeSpan WatcherCost = TimeSpan.FromMicroseconds(20);

    // So many are woken together.
    private const int WakeMax = 32;

    private readonly Lock _lock = new();
    private readonly WatcherIndex _watchers = new();
    private readonly CancellationTokenSource _stopping = new();
    private volatile WatchRound? _round;
    private long _tellingUpTo;
    private long _lookedUpTo;
    private volatile bool _isStopped;
    private bool _isRunning;

    // The running task's own.
    private readonly List<Watcher> _toWake = [];

    public TimeProvider Time => time;

    /// <summary>How many watchers there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _watchers.Count;
        }
    }

    /// <summary>Whether nobody is told anything any more.</summary>
    public bool IsStopped => _isStopped;

    /// <summary>Every watcher has been told of what concerns it up to this revision.</summary>
    public long LookedUpTo => Volatile.Read(ref _lookedUpTo);

    /// <summary>Whoever was told of something was told of a commit up to this revision.</summary>
    public long TellingUpTo => Volatile.Read(ref _tellingUpTo);

    /// <summary>Begins to watch; null when there are as many watchers as there may be.</summary>
    /// <param name="filter">What to watch.</param>
    /// <param name="position">The revision after which it begins; it may be one that is still to come.</param>
    public Watcher? TryAdd(WatchFilter filter, long position)
    {
        var watcher = new Watcher(this, filter, position);

        // A round tells watchers inside the lock, so each round knows a watcher from its beginning or not at all.
        lock (_lock)
        {
            if (_watchers.Count >= options.WatchersMax)
                return null;
            _watchers.Add(watcher);
            if (!_isRunning)
                Run();

            // Nobody has told it of what came between its position and now.
            if (position < LookedUpTo)
                watcher.Tell(position + 1);
        }

        return watcher;
    }

    /// <summary>Ends a watcher.</summary>
    public void Remove(Watcher watcher)
    {
        lock (_lock)
            _watchers.Remove(watcher);
    }

    /// <summary>The commits above one revision, up to and with another, or the first of them; null if some of them are forgotten.</summary>
    public WatchRound? Between(long above, long upTo)
    {
        if (above >= upTo)
            return new WatchRound(above, upTo, []);

        // Most watchers are up to date, and look at what the hub has just looked at.
        if (_round is { } round && round.Above <= above && round.UpTo == upTo)
            return round;

        // Whoever is far behind gets a part at a time: with all of it he would keep what the history forgets.
        if (publisher.Between(above, upTo, WatchRound.PartCommitsMax) is not { } commits)
            return null;
        return new WatchRound(above, commits.Count < WatchRound.PartCommitsMax ? upTo : commits[^1].Revision, Watched(commits));
    }

    /// <summary>Ends all watchers and takes no more. May be called twice.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_isStopped)
                return;
            _isStopped = true;
            _stopping.Cancel();
            foreach (var watcher in _watchers.All)
            {
                watcher.Tell(long.MaxValue);
                watcher.Wake();
            }
        }
    }

    public void Dispose()
    {
        Stop();
        _stopping.Dispose();
    }

    private void Run()
    {
        if (_isStopped)
            return;
        _isRunning = true;
        _tellingUpTo = _lookedUpTo = publisher.Latest.Revision;
        var stopping = _stopping.Token;
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(() => RunAsync(stopping), CancellationToken.None);
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                var latest = await publisher.ReachAsync(LookedUpTo + 1, stopping).ConfigureAwait(false);
                if (!TryLook(latest.Revision))
                    return;
                var woken = await WakeAsync().ConfigureAwait(false);
                await RestAsync(woken, stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_isStopped)
        {
            // The watchers are told of that.
        }
        catch (Exception exception)
        {
            // Nobody would tell the watchers anything any more, and they would wait for ever.
            Stop();
            failed(exception);
        }
    }

    // False when there is nobody to tell.
    private bool TryLook(long upTo)
    {
        lock (_lock)
        {
            _round = null;
            _isRunning = _watchers.Count > 0 && !_isStopped;
            if (!_isRunning)
                return false;
            Tell(LookedUpTo, upTo);
            Volatile.Write(ref _lookedUpTo, upTo);
            return true;
        }
    }

    private void Tell(long above, long upTo)
    {
        // The order matters because whoever was told looks at this to learn how far to read.
        var commits = publisher.Between(above, upTo);
        _round = commits is null ? null : new WatchRound(above, upTo, Watched(commits));
        Volatile.Write(ref _tellingUpTo, upTo);
        if (_round is { } round)
        {
            _watchers.Tell(round.Commits, _toWake);
            return;
        }

        // Forgotten before anybody looked: any watcher may have missed something, and finds out by reading.
        foreach (var watcher in _watchers.All)
        {
            if (watcher.Tell(above + 1))
                _toWake.Add(watcher);
        }
    }

    // Woken all at once, they would stand before every request; so the next ones are woken when these have had their turn.
    private async ValueTask<int> WakeAsync()
    {
        var count = _toWake.Count;
        for (var i = 0; i < count; i++)
        {
            _toWake[i].Wake();
            if (i % WakeMax == WakeMax - 1)
                await Task.Yield();
        }

        _toWake.Clear();
        return count;
    }

    private async ValueTask RestAsync(int woken, CancellationToken stopping)
    {
        var rest = WatcherCost * woken;
        if (rest >= TimeSpan.FromMilliseconds(1))
            await Task.Delay(rest < options.WatchRestMax ? rest : options.WatchRestMax, time, stopping).ConfigureAwait(false);
    }

    private static WatchedCommit[] Watched(List<Commit> commits)
    {
        var watched = new WatchedCommit[commits.Count];
        for (var i = 0; i < watched.Length; i++)
            watched[i] = new WatchedCommit(commits[i]);
        return watched;
    }
}
