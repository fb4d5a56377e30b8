using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>
/// Scans every commit once while there are watchers, and notifies those that it matches. The writer knows nothing of
/// watchers, and a watcher costs nothing while other keys change. Any thread may use it.
/// </summary>
/// <remarks>
/// One task scans, from the first watcher until a scan finds none. It takes the commits of all snapshots since the last scan, has <see cref="WatcherIndex"/>
/// notify the matching watchers, has <see cref="WatchPacer"/> wake some of them, and rests. Watchers then read on their own threads.
/// </remarks>
/// <param name="publisher">The source of commits.</param>
/// <param name="options">The limits.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Called when the task throws, which is a bug. All watchers have been stopped by then.</param>
internal sealed class WatchHub(SnapshotPublisher publisher, StoreOptions options, TimeProvider time, Action<Exception> failed) : IDisposable
{
    // Bounds the work and the allocation of one read by a watcher that is far behind.
    private const int HistoryCommitsPerRead = 256;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _isStopped;

    // Under the lock.
    private readonly WatcherIndex _watchers = new();
    private RetentionPin? _pin;
    private bool _isScanning;

    // Written under the lock, read by any thread.
    private long _notifyingThrough;
    private long _notifiedThrough;

    // The task's own.
    private readonly WatchPacer _pacer = new(options.WatchRestMax, time);

    public TimeProvider Time => time;

    /// <summary>What the encodings of batches are charged to.</summary>
    public MemoryAccount Memory => publisher.Memory.Watches;

    /// <summary>What watchers hold while they wait for their clients.</summary>
    public HeldCommits Held { get; } = new(publisher.Memory.Watches);

    /// <summary>The number of watchers.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _watchers.Count;
        }
    }

    /// <summary>Revisions from the first change that a watcher has not read to the latest one.</summary>
    public long Lag
    {
        get
        {
            lock (_lock)
            {
                var latest = publisher.Latest.Revision;
                var first = latest + 1;
                foreach (var watcher in _watchers.All)
                {
                    if (watcher.FirstUnread is > 0 and var unread && unread < first)
                        first = unread;
                }

                return latest + 1 - first;
            }
        }
    }

    /// <summary>Whether watchers get no more notifications.</summary>
    public bool IsStopped => _isStopped;

    /// <summary>Every watcher is notified of its matching commits up to this revision.</summary>
    public long NotifiedThrough => Volatile.Read(ref _notifiedThrough);

    /// <summary>No watcher is notified of a commit above this revision. At least <see cref="NotifiedThrough"/>; <see cref="Watcher"/> says how the two are used.</summary>
    public long NotifyingThrough => Volatile.Read(ref _notifyingThrough);

    /// <summary>Adds a watcher; null when there are <see cref="StoreOptions.WatchersMax"/> already.</summary>
    /// <param name="filter">The keys.</param>
    /// <param name="position">The revision after which it begins; may be one that the store has not reached.</param>
    public Watcher? TryAdd(WatchFilter filter, long position)
    {
        var watcher = new Watcher(this, filter, position);

        // Under the lock, as scans are: each scan covers a watcher from its beginning, or not at all.
        lock (_lock)
        {
            if (_watchers.Count >= options.WatchersMax)
                return null;
            _watchers.Add(watcher);
            if (!_isScanning)
                Start();

            // Scans before this one did not cover it.
            if (position < NotifiedThrough)
            {
                watcher.Notify(position + 1);
                watcher.Wake();
            }
        }

        return watcher;
    }

    /// <summary>Removes a watcher. May be called twice.</summary>
    public void Remove(Watcher watcher)
    {
        lock (_lock)
            _watchers.Remove(watcher);
    }

    /// <summary>The matching commits in (above, upTo], or the first of them, for a holder; null when some commits of the interval are dropped or lost.</summary>
    public WatchBatch? ReadHistory(long above, long upTo, WatchFilter filter)
    {
        if (above >= upTo)
            return new WatchBatch(above, upTo, []);
        if (publisher.CommitsBetween(above, upTo, HistoryCommitsPerRead) is not { } commits)
            return null;
        if (commits.Count == HistoryCommitsPerRead)
            upTo = commits[^1].Revision;
        commits.RemoveAll(commit => filter.CountIn(commit) == 0);
        return WatchBatch.TakeFirst(above, upTo, CollectionsMarshal.AsSpan(commits));
    }

    /// <summary>
    /// Ends what all watchers have begun: the state was replaced, perhaps at the same revision, by one that their commits may not lead to. Those that are added
    /// afterwards begin in the new history.
    /// </summary>
    public void EndAll()
    {
        lock (_lock)
        {
            _watchers.Release(long.MaxValue);
            foreach (var watcher in _watchers.All)
                watcher.End();
        }
    }

    /// <summary>Stops all watchers, present and future. May be called twice.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_isStopped)
                return;
            _isStopped = true;
            _pin?.Dispose();
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

    private void Start()
    {
        if (_isStopped)
            return;
        _isScanning = true;
        _notifyingThrough = _notifiedThrough = publisher.Latest.Revision;
        _pin = publisher.Pin(after: _notifiedThrough);
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
                if (_pacer.IsIdle)
                    await publisher.WaitForRevisionAsync(NotifiedThrough + 1, stopping).ConfigureAwait(false);
                if (!TryScan(publisher.Latest.Revision))
                    return;
                var rest = _pacer.WakeNext(Count);
                if (rest > TimeSpan.Zero)
                    await Task.Delay(rest, time, stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_isStopped)
        {
            // The stop has woken all watchers.
        }
        catch (Exception exception)
        {
            // Without this task, watchers would wait forever.
            Stop();
            failed(exception);
        }
    }

    // False when there are no watchers.
    private bool TryScan(long upTo)
    {
        lock (_lock)
        {
            _isScanning = _watchers.Count > 0 && !_isStopped;
            if (!_isScanning)
            {
                _pacer.Clear();
                _watchers.Release(long.MaxValue);
                _pin!.Dispose();
                return false;
            }

            if (upTo > NotifiedThrough)
                Notify(NotifiedThrough, upTo);
            Volatile.Write(ref _notifiedThrough, upTo);
            _pin!.RetainedAfter = upTo;
            return true;
        }
    }

    private void Notify(long above, long upTo)
    {
        if (_pacer.NextRelease(above) is { } released)
            _watchers.Release(released);
        var commits = publisher.CommitsBetween(above, upTo);

        // The order matters: before the watchers are notified. Watcher.Scan says why.
        Volatile.Write(ref _notifyingThrough, upTo);
        if (commits is not null && !commits.Exists(static commit => commit.IsGap))
        {
            _watchers.Notify(above, upTo, commits, _pacer);
            return;
        }

        // Commits were dropped before this scan, and any watcher may have missed one; or there is a gap, in which any position may lie: each
        // watcher finds out when it reads the history.
        _watchers.Release(long.MaxValue);
        foreach (var watcher in _watchers.All)
            _pacer.Notify(watcher, above + 1);
    }
}
