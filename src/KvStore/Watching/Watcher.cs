namespace KvStore;

/// <summary>
/// A cursor over the commits that match a filter: a position and the batch of commits of the last read. It keeps nothing that grows. A watcher
/// that falls behind the retained history gets <see cref="WatchState.Gone"/>; it never blocks others. Belongs to one thread at a time.
/// </summary>
public sealed class Watcher : IDisposable
{
    private readonly WatchHub _hub;
    private WatchBatch? _batch;

    // What is charged while the client does not receive; null if nothing is.
    private Commit[]? _held;

    // Shared with the hub; see Scan.

    // The revision of the first commit that the hub notified of since the last scan; 0 when there is none.
    private long _pending;

    // Whether the wake slot has come.
    private volatile bool _isWoken;

    // The wait, for the one who takes it by an exchange.
    private WatchWait? _wait;

    // Set by the hub, which then wakes: the watcher has no more to read.
    private volatile bool _isEnded;

    // This watcher's own. The first notified revision that is not read yet; 0 when there is none.
    private long _unread;
    private bool _isGone;

    internal Watcher(WatchHub hub, WatchFilter filter, long position) => (_hub, Filter, Position) = (hub, filter, position);

    /// <summary>The keys that it watches.</summary>
    public WatchFilter Filter { get; }

    /// <summary>Every matching commit up to this revision has been handed over. May be a revision that the store has not reached.</summary>
    public long Position { get; private set; }

    /// <summary>
    /// The matching commits of the last read, in order, each once; empty unless it was <see cref="WatchState.Changed"/>. At most 128 commits, and no more once
    /// they have 32 KiB. A commit also has its changes of other keys: see <see cref="WatchFilter.Matches"/>. Valid until the next read.
    /// </summary>
    public IReadOnlyList<Commit> Commits => _batch?.Commits ?? [];

    /// <summary>Encodes <see cref="Commits"/>, or returns the encoding that another watcher of the same keys got from the same encoder.</summary>
    /// <param name="encoder">The encoder. It is compared by reference.</param>
    /// <param name="encoding">The encoding. Watchers share it; it never changes, and stays valid after the next read.</param>
    /// <returns>False when the encoder rejects the commits, or the memory for watches is full.</returns>
    /// <exception cref="InvalidOperationException">The last read was not <see cref="WatchState.Changed"/>.</exception>
    public bool TryEncode(IWatchEncoder encoder, out ReadOnlyMemory<byte> encoding) =>
        (_batch ?? throw new InvalidOperationException("There are no commits.")).TryEncode(encoder, Filter, _hub.Memory, out encoding);

    /// <summary>
    /// Charges the <see cref="Commits"/> until the next read, once. Call it before waiting for a client: the history may drop them meanwhile.
    /// </summary>
    /// <returns>False if the memory for watches is full: do not wait, but dispose of the watcher.</returns>
    public bool TryHold()
    {
        if (_held is null && _batch is not null && _hub.Held.TryHold(_batch.Commits))
            _held = _batch.Commits;
        return _held is not null || _batch is null;
    }

    /// <summary>Reads the next matching commits, without waiting.</summary>
    public WatchState Read() => Scan() ?? WatchState.Silent;

    /// <summary>Reads the next matching commits, and waits for one when there is none.</summary>
    /// <param name="timeout">The longest wait, or <see cref="Timeout.InfiniteTimeSpan"/>. After it the result is <see cref="WatchState.Silent"/>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled. The watcher can be read again.</exception>
    public ValueTask<WatchState> ReadAsync(TimeSpan timeout, CancellationToken cancellationToken) => ReadAsync(timeout, null, cancellationToken);

    /// <summary>Reads the next matching commits, and waits for some that the receiver does not take.</summary>
    /// <param name="timeout">The longest wait since the last commits that were taken, or <see cref="Timeout.InfiniteTimeSpan"/>. After it the result is <see cref="WatchState.Silent"/>.</param>
    /// <param name="receiver">Takes the commits that come during the wait; null to return with the first ones.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled, and nothing is lost. The watcher can be read again.</exception>
    public async ValueTask<WatchState> ReadAsync(TimeSpan timeout, IWatchReceiver? receiver, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Scan() is { } state)
                return state;
            var wait = new WatchWait(this, receiver, _hub.Time);
            if (TryPark(wait))
                await wait.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            else
                continue;

            // Taken back, or a thread has it. That one ends it, because it looks at this when it has parked it.
            wait.IsOver = !wait.Task.IsCompleted;
            if ((!wait.IsOver || Interlocked.Exchange(ref _wait, null) is null) && await wait.Task.ConfigureAwait(false) is { } left)
                return left;
            cancellationToken.ThrowIfCancellationRequested();
            if (wait.IsOver)
                return Read();
        }
    }

    /// <summary>Stops watching. A read that waits is not ended by it. May be called twice.</summary>
    public void Dispose()
    {
        _hub.Remove(this);
        Release();
    }

    /// <summary>The watchers with the same filter.</summary>
    internal WatchGroup? Group { get; set; }

    /// <summary>The revision of the first commit that the hub notified of since the last scan; 0 when there is none.</summary>
    internal long Pending => Volatile.Read(ref _pending);

    /// <summary>The first notified revision that it has not read, for any thread; 0 when there is none. May be late by a scan.</summary>
    internal long FirstUnread => Volatile.Read(ref _unread) is > 0 and var unread ? unread : Pending;

    /// <summary>For the pacer: there is a matching commit at this revision.</summary>
    /// <returns>Whether the watcher needs a wake slot: it had no pending notification.</returns>
    internal bool Notify(long revision) => Interlocked.CompareExchange(ref _pending, revision, 0) == 0;

    /// <summary>For the hub: the watcher is to scan, on the thread of the one who reads. Ends a wait.</summary>
    internal void Wake() => TakeWait()?.TrySetResult(null);

    /// <summary>For the pacer: the wake slot has come.</summary>
    /// <returns>The wait that has to be served, for the caller; null if there is none.</returns>
    internal WatchWait? TakeSlot()
    {
        if (TakeWait() is not { } wait)
            return null;
        if (wait.HasReceiver)
            return wait;
        wait.TrySetResult(null);
        return null;
    }

    /// <summary>For the hub: what comes next does not follow from what was handed over.</summary>
    internal void End()
    {
        _isEnded = true;
        Wake();
    }

    /// <summary>For the thread that reads, or has the wait. Null when there is nothing to hand over.</summary>
    //
    // The hub writes NotifyingThrough, then the pending revisions, then NotifiedThrough. The scan reads in the opposite order, for two reasons.
    //
    // Without a pending revision, no commit up to NotifiedThrough matches. If the scan read the pending revision first:
    //   T1 (watcher): finds no pending revision
    //   T2 (hub):     notifies this watcher of 7, sets NotifiedThrough to 7
    //   T1:           moves its position to 7, past a commit that it has not handed over
    //
    // With a pending revision, all notified commits are at or below NotifyingThrough. If the hub set that last, or the scan read it first:
    //   T1 (watcher): reads NotifyingThrough, 6
    //   T2 (hub):     sets it to 7, notifies this watcher of 7
    //   T1:           takes the pending revision 7, finds no commit in (6, 6], and takes the notification for done
    internal WatchState? Scan()
    {
        Release();
        if (_hub.IsStopped)
            return WatchState.Stopped;

        // The hub may have read the commits before they were dropped, and hand over their batch only now.
        if (_isGone || _isEnded)
            return WatchState.Gone;

        var notifiedThrough = _hub.NotifiedThrough;
        if (_isWoken)
        {
            // The order matters. With the two steps reversed:
            //   T1 (watcher): takes the pending revision
            //   T2 (hub):     notifies of a later commit, and wakes
            //   T1:           clears the wake, and waits for a slot that it already had
            _isWoken = false;
            var pending = Interlocked.Exchange(ref _pending, 0);
            if (_unread == 0)
                _unread = pending;
        }
        else if (_unread == 0 && Pending != 0)
        {
            return null;
        }

        while (_unread > 0 && _batch is null)
        {
            _isGone = !TryReadBatch(Math.Max(Position, _unread - 1));
            if (_isGone)
                return WatchState.Gone;
        }

        if (_unread == 0)
            Position = Math.Max(Position, notifiedThrough);
        return _batch is null ? null : WatchState.Changed;
    }

    // False when commits after the position are dropped.
    private bool TryReadBatch(long above)
    {
        var upTo = _hub.NotifyingThrough;
        var shared = Group?.FindAfter(above);
        if ((shared ?? _hub.ReadHistory(above, upTo, Filter)) is not { } batch)
            return false;
        Position = Math.Max(Position, batch.UpTo);
        _unread = (shared is null ? batch.UpTo >= upTo : shared.Next is null) ? 0 : Position + 1;
        if (batch.Commits.Length > 0)
            _batch = batch;
        else
            batch.Release();
        return true;
    }

    // Ends what the watcher has of its batch.
    private void Release()
    {
        if (_held is { } commits)
            _hub.Held.Release(commits);
        _batch?.Release();
        (_batch, _held) = (null, null);
    }

    private WatchWait? TakeWait()
    {
        _isWoken = true;
        return Interlocked.Exchange(ref _wait, null);
    }

    /// <summary>For the thread that has the wait: lets others take it. False if this thread has it still, because there is something to scan.</summary>
    internal bool TryPark(WatchWait wait)
    {
        // The order matters because a wake sets the flag and then takes the wait. With the two steps reversed:
        //   T1 (watcher): reads the flag, not woken
        //   T2 (hub):     sets the flag, finds no wait
        //   T1:           parks a wait that nothing takes
        Interlocked.Exchange(ref _wait, wait);
        if (!_isWoken && !_hub.IsStopped && !wait.IsOver)
            return true;

        // Another thread may have taken it since, and has it then: it must not be used any more.
        if (Interlocked.Exchange(ref _wait, null) is null)
            return true;
        if (!wait.IsOver)
            return false;
        wait.SetResult(null);
        return true;
    }
}
