namespace KvStore;

/// <summary>
/// A cursor over the commits that match a filter: a position and the batch of commits of the last read. It keeps nothing that grows. A watcher
/// that falls behind the retained history gets <see cref="WatchState.Gone"/>; it never blocks others. Belongs to one thread at a time.
/// </summary>
public sealed class Watcher : IDisposable
{
    private readonly WatchHub _hub;
    private WatchBatch? _batch;

    // Batches of earlier reads, whose encodings are being sent, and whether that of the last read is one of them.
    private readonly List<WatchBatch> _kept = [];
    private bool _isKept;

    // What is charged while the client does not receive; null if nothing is.
    private Commit[]? _held;

    // Shared with the hub; see Scan.

    // The revision of the first commit that the hub notified of since the last scan; 0 when there is none.
    private long _pending;

    // Whether the wake slot has come.
    private volatile bool _isWoken;
    private TaskCompletionSource? _signal;

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
    /// Keeps the encoding of <see cref="Commits"/> in memory, charged, beyond the next reads: until <see cref="ReleaseKept"/>. So several reads can be sent together.
    /// </summary>
    /// <exception cref="InvalidOperationException">The last read was not <see cref="WatchState.Changed"/>.</exception>
    public void Keep()
    {
        if (_isKept)
            return;
        _kept.Add(_batch ?? throw new InvalidOperationException("There are no commits."));
        _isKept = true;
    }

    /// <summary>Releases what was kept. Its encodings must not be used afterwards.</summary>
    public void ReleaseKept()
    {
        ReleaseHeld();
        foreach (var batch in _kept)
            batch.Release();
        _kept.Clear();
        if (_isKept)
            (_batch, _isKept) = (null, false);
    }

    /// <summary>
    /// Charges the <see cref="Commits"/> until the next read, and those that were kept until they are released, once. Call it before waiting for a client:
    /// the history may drop them meanwhile.
    /// </summary>
    /// <returns>False if the memory for watches is full: do not wait, but dispose of the watcher.</returns>
    public bool TryHold()
    {
        if (_held is not null || (_batch is null && _kept.Count == 0))
            return true;
        Commit[] commits = [.. _kept.SelectMany(batch => batch.Commits), .. _isKept ? [] : _batch?.Commits ?? []];
        if (_hub.Held.TryHold(commits))
            _held = commits;
        return _held is not null;
    }

    /// <summary>Reads the next matching commits, without waiting.</summary>
    public WatchState Read() => Scan() ?? WatchState.Silent;

    /// <summary>Reads the next matching commits, and waits for one when there is none.</summary>
    /// <param name="timeout">The longest wait, or <see cref="Timeout.InfiniteTimeSpan"/>. After it the result is <see cref="WatchState.Silent"/>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled. The watcher can be read again.</exception>
    public async ValueTask<WatchState> ReadAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Scan() is { } state)
                return state;
            if (!await WaitAsync(timeout, cancellationToken).ConfigureAwait(false))
                return Read();
        }
    }

    /// <summary>Stops watching. A read that waits is not ended by it. May be called twice.</summary>
    public void Dispose()
    {
        _hub.Remove(this);
        ReleaseKept();
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

    /// <summary>For the hub: the wake slot has come, or the hub has stopped.</summary>
    internal void Wake()
    {
        _isWoken = true;
        Interlocked.Exchange(ref _signal, null)?.TrySetResult();
    }

    /// <summary>For the hub: what comes next does not follow from what was handed over.</summary>
    internal void End()
    {
        _isEnded = true;
        Wake();
    }

    // Null when there is nothing to hand over.
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
    private WatchState? Scan()
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

    // Ends what the watcher has of its batch, unless it is kept.
    private void Release()
    {
        ReleaseHeld();
        if (!_isKept)
            _batch?.Release();
        (_batch, _isKept) = (null, false);
    }

    private void ReleaseHeld()
    {
        if (_held is { } commits)
            _hub.Held.Release(commits);
        _held = null;
    }

    // False when the time is up.
    private async ValueTask<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        // The order matters because a wake sets the flag and then takes the signal. With the two steps reversed:
        //   T1 (watcher): reads the flag, not woken
        //   T2 (hub):     sets the flag, finds no signal
        //   T1:           sets a signal that nothing completes
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _signal, signal);
        if (_isWoken || _hub.IsStopped)
            return true;
        await signal.Task.WaitAsync(timeout, _hub.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return signal.Task.IsCompleted;
    }
}
