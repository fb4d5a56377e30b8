using System.Runtime.InteropServices;

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
    // How much longer a watcher waits for its turn for each one before it. Handing something over costs about two thirds of that, in
    // the service and with a client on the same machine; the rest is for requests. So many watchers get many commits in one go.
    private static readonly TimeSpan WatcherTime = TimeSpan.FromMicroseconds(80);

    // Those who have their turn in this time are woken at once.
    private static readonly TimeSpan TurnTime = TimeSpan.FromMilliseconds(8);

    // How long at least a watcher whose turn it is may take to come, and find what it was told of kept for it and its like.
    private static readonly TimeSpan KeepTime = TimeSpan.FromMilliseconds(20);

    // Whoever is behind looks at so many commits at once.
    private const int PartCommitsMax = 256;

    private readonly Lock _lock = new();
    private readonly WatcherIndex _watchers = new();
    private readonly CancellationTokenSource _stopping = new();
    private long _notifyingThrough;
    private long _notifiedThrough;
    private volatile bool _isStopped;
    private bool _isRunning;

    // The running task's own.
    private readonly Queue<Watcher> _told = [];
    private long _forgetUpTo;
    private long _forgotAt;

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
    public long NotifiedThrough => Volatile.Read(ref _notifiedThrough);

    /// <summary>Whoever was told of something was told of a commit up to this revision.</summary>
    public long NotifyingThrough => Volatile.Read(ref _notifyingThrough);

    /// <summary>Begins to watch; null when there are as many watchers as there may be.</summary>
    /// <param name="filter">What to watch.</param>
    /// <param name="position">The revision after which it begins; it may be one that is still to come.</param>
    public Watcher? TryAdd(WatchFilter filter, long position)
    {
        var watcher = new Watcher(this, filter, position);

        // The hub tells watchers inside the lock, so each look of it knows a watcher from its beginning or not at all.
        lock (_lock)
        {
            if (_watchers.Count >= options.WatchersMax)
                return null;
            _watchers.Add(watcher);
            if (!_isRunning)
                Run();

            // Nobody has told it of what came between its position and now.
            if (position < NotifiedThrough)
            {
                watcher.Tell(position + 1);
                watcher.Wake();
            }
        }

        return watcher;
    }

    /// <summary>Ends a watcher.</summary>
    public void Remove(Watcher watcher)
    {
        lock (_lock)
            _watchers.Remove(watcher);
    }

    /// <summary>The commits that concern somebody, after one revision and up to another, or the first of them; null if some of them are forgotten.</summary>
    public WatchedCommits? Between(long above, long upTo, WatchFilter filter)
    {
        if (above >= upTo)
            return new WatchedCommits(above, upTo, []);

        // Whoever is far behind gets a part at a time: with all of it he would keep what the history forgets.
        if (publisher.CommitsBetween(above, upTo, PartCommitsMax) is not { } commits)
            return null;
        if (commits.Count == PartCommitsMax)
            upTo = commits[^1].Revision;
        commits.RemoveAll(commit => filter.CountIn(commit) == 0);
        return WatchedCommits.First(above, upTo, CollectionsMarshal.AsSpan(commits));
    }

    /// <summary>Ends all watchers and takes no more. May be called twice.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_isStopped)
                return;
            _isStopped = true;
            publisher.RetainedThrough = long.MaxValue;
            _stopping.Cancel();
            foreach (var watcher in _watchers.All)
                watcher.Wake();
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
        _notifyingThrough = _notifiedThrough = publisher.Latest.Revision;
        publisher.RetainedThrough = _notifiedThrough;
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
                if (_told.Count == 0)
                    await publisher.WaitForRevisionAsync(NotifiedThrough + 1, stopping).ConfigureAwait(false);
                if (!TryLook(publisher.Latest.Revision))
                    return;
                await RestAsync(Wake(), stopping).ConfigureAwait(false);
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
            _isRunning = _watchers.Count > 0 && !_isStopped;
            if (!_isRunning)
            {
                _told.Clear();
                _watchers.Forget(long.MaxValue);
                publisher.RetainedThrough = long.MaxValue;
                return false;
            }

            if (upTo > NotifiedThrough)
                Tell(NotifiedThrough, upTo);
            Volatile.Write(ref _notifiedThrough, upTo);
            publisher.RetainedThrough = upTo;
            return true;
        }
    }

    private void Tell(long above, long upTo)
    {
        if (time.GetElapsedTime(_forgotAt) >= KeepTime)
            Forget(above);

        // The order matters because whoever was told looks at this to learn how far to read.
        var commits = publisher.CommitsBetween(above, upTo);
        Volatile.Write(ref _notifyingThrough, upTo);
        if (commits is not null)
        {
            _watchers.Tell(above, upTo, commits, _told);
            return;
        }

        // Forgotten before anybody looked: any watcher may have missed something, and finds out by reading.
        _watchers.Forget(long.MaxValue);
        foreach (var watcher in _watchers.All)
        {
            if (watcher.Tell(above + 1))
                _told.Enqueue(watcher);
        }
    }

    // What nobody waited for the last time. What those who wait were told of is kept, and what those who were just woken were.
    private void Forget(long above)
    {
        _watchers.Forget(_forgetUpTo);
        _forgetUpTo = _told.TryPeek(out var first) ? first.Pending - 1 : above;
        _forgotAt = time.GetTimestamp();
    }

    // Returns how many.
    private int Wake()
    {
        // Nobody waits longer than he may, however many there are.
        var count = options.WatchRestMax > TurnTime
            ? Math.Max((int)(TurnTime / WatcherTime), (int)(Count * (TurnTime / options.WatchRestMax)))
            : int.MaxValue;
        count = Math.Min(count, _told.Count);
        for (var i = 0; i < count; i++)
            _told.Dequeue().Wake();
        return count;
    }

    private async ValueTask RestAsync(int woken, CancellationToken stopping)
    {
        var rest = WatcherTime * woken;
        if (rest > TurnTime)
            rest = TurnTime;
        if (rest > options.WatchRestMax)
            rest = options.WatchRestMax;
        if (rest >= TimeSpan.FromMilliseconds(1))
            await Task.Delay(rest, time, stopping).ConfigureAwait(false);
    }
}
