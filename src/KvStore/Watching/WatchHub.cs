namespace KvStore;

/// <summary>
/// Looks at every commit once, as long as anybody watches, and tells those whom it concerns. So the writer knows nothing of
/// watchers, and a watcher costs nothing while others' keys change.
/// </summary>
internal sealed class WatchHub(SnapshotPublisher publisher, StoreOptions options, TimeProvider time) : IDisposable
{
    // What it costs to hand something to a watcher, roughly. When many are told at once, the next round waits that long, so that
    // they get several commits in one go, and requests get the processor, too.
    private static readonly TimeSpan WatcherCost = TimeSpan.FromMicroseconds(20);

    private readonly Lock _lock = new();
    private readonly WatcherIndex _watchers = new();
    private readonly CancellationTokenSource _stopping = new();
    private volatile WatchRound? _round;
    private long _tellingUpTo;
    private long _lookedUpTo;
    private volatile bool _isStopped;
    private bool _isRunning;

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

    /// <summary>The commits above one revision, up to and with another; null if some of them are forgotten.</summary>
    public WatchRound? Between(long above, long upTo)
    {
        if (above >= upTo)
            return new WatchRound(above, upTo, []);

        // Most watchers are up to date, and look at what the hub has just looked at.
        if (_round is { } round && round.Above <= above && round.UpTo == upTo)
            return round;
        return publisher.Between(above, upTo) is { } commits ? new WatchRound(above, upTo, Watched(commits)) : null;
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
                watcher.Tell(long.MaxValue);
        }
    }

    public void Dispose()
    {
        Stop();
        _stopping.Dispose();
    }

    private void Run()
    {
        _isRunning = true;
        _tellingUpTo = _lookedUpTo = publisher.Latest.Revision;
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        try
        {
            while (!_isStopped)
            {
                var latest = await publisher.ReachAsync(LookedUpTo + 1, _stopping.Token).ConfigureAwait(false);
                if (!TryLook(latest.Revision, out var told))
                    return;
                await RestAsync(told).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_isStopped)
        {
            // The watchers are told of that.
        }
    }

    // False when there is no watcher any more.
    private bool TryLook(long upTo, out int told)
    {
        told = 0;
        lock (_lock)
        {
            _round = null;
            _isRunning = _watchers.Count > 0;
            if (!_isRunning)
                return false;
            told = Tell(LookedUpTo, upTo);
            Volatile.Write(ref _lookedUpTo, upTo);
            return true;
        }
    }

    private int Tell(long above, long upTo)
    {
        // The order matters because whoever was told looks at this to learn how far to read.
        var commits = publisher.Between(above, upTo);
        _round = commits is null ? null : new WatchRound(above, upTo, Watched(commits));
        Volatile.Write(ref _tellingUpTo, upTo);
        if (_round is { } round)
            return _watchers.Tell(round.Commits);

        // Forgotten before anybody looked: any watcher may have missed something, and finds out by reading.
        foreach (var watcher in _watchers.All)
            watcher.Tell(above + 1);
        return _watchers.Count;
    }

    private async ValueTask RestAsync(int told)
    {
        var rest = WatcherCost * told;
        if (rest >= TimeSpan.FromMilliseconds(1))
            await Task.Delay(rest < options.WatchRestMax ? rest : options.WatchRestMax, time, _stopping.Token).ConfigureAwait(false);
    }

    private static WatchedCommit[] Watched(List<Commit> commits)
    {
        var watched = new WatchedCommit[commits.Count];
        for (var i = 0; i < watched.Length; i++)
            watched[i] = new WatchedCommit(commits[i]);
        return watched;
    }
}
