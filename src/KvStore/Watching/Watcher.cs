namespace KvStore;

/// <summary>What a watcher has come to.</summary>
public enum WatchState
{
    /// <summary>There are commits that concern it.</summary>
    Changed,

    /// <summary>Nothing that concerns it has happened up to its position.</summary>
    Silent,

    /// <summary>Commits after its position have been forgotten. It cannot go on; begin again with a snapshot.</summary>
    Gone,

    /// <summary>The store is stopping. Nothing will come any more.</summary>
    Stopped,
}

/// <summary>
/// A cursor over the commits that concern some keys. It holds a position and the few commits that it has just found: whoever reads
/// slowly costs the store nothing more, and is told when what he has not read is forgotten. Belongs to one thread at a time.
/// </summary>
public sealed class Watcher : IDisposable
{
    private readonly WatchHub _hub;
    private WatchedCommits? _found;

    // The first revision that concerns this watcher and that it has not looked at; 0 when there is none. The hub sets it.
    private long _pending;
    private TaskCompletionSource? _signal;

    // Whether it is this watcher's turn to look at what is pending. The hub sets it.
    private volatile bool _isDue;

    // The first revision that is still to be looked at, of what the hub told; 0 when there is none. Stays when it is gone.
    private long _unread;

    internal Watcher(WatchHub hub, WatchFilter filter, long position) => (_hub, Filter, Position) = (hub, filter, position);

    /// <summary>What it watches.</summary>
    public WatchFilter Filter { get; }

    /// <summary>Everything up to this revision has been handed over by <see cref="ReadAsync"/>, or does not concern this watcher.</summary>
    public long Position { get; private set; }

    /// <summary>The commits that the last <see cref="ReadAsync"/> found, in order, each once. Valid until the next one.</summary>
    public IReadOnlyList<Commit> Commits => _found?.Commits ?? [];

    /// <summary>
    /// What somebody made of <see cref="Commits"/>, for whoever watches the same and is handed the same: it is serialised once, not
    /// once per watcher. Null at first. Two threads may both find null and both set it; either is as good.
    /// </summary>
    /// <exception cref="InvalidOperationException">It was set while there were no commits.</exception>
    public object? Form
    {
        get => _found?.Form;
        set => (_found ?? throw new InvalidOperationException("There are no commits.")).Form = value;
    }

    /// <summary>Finds the commits that concern this watcher, without waiting.</summary>
    public WatchState Read() => Look() ?? WatchState.Silent;

    /// <summary>Finds the commits that concern this watcher, and waits for one when there is none.</summary>
    /// <param name="timeout">How long; then the answer is <see cref="WatchState.Silent"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async ValueTask<WatchState> ReadAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Look() is { } state)
                return state;
            if (!await WaitAsync(timeout, cancellationToken).ConfigureAwait(false))
                return Read();
        }
    }

    /// <summary>Stops watching.</summary>
    public void Dispose() => _hub.Remove(this);

    /// <summary>Everybody who watches the same.</summary>
    internal WatchGroup? Group { get; set; }

    /// <summary>The first revision that concerns this watcher and that it has not looked at; 0 when there is none.</summary>
    internal long Pending => Volatile.Read(ref _pending);

    /// <summary>For the hub: there is a commit that concerns this watcher, at this revision.</summary>
    /// <returns>Whether it has to be woken: it had not been told of anything before.</returns>
    internal bool Tell(long revision) => Interlocked.CompareExchange(ref _pending, revision, 0) == 0;

    /// <summary>For the hub: it is this watcher's turn to look at what it was told of, or the hub has stopped.</summary>
    internal void Wake()
    {
        _isDue = true;
        Interlocked.Exchange(ref _signal, null)?.TrySetResult();
    }

    // Null when there is nothing to tell.
    private WatchState? Look()
    {
        _found = null;
        if (_hub.IsStopped)
            return WatchState.Stopped;

        // The order matters because the hub says how far it is going to tell, then tells, then says how far it has told. So when
        // nothing is pending, nothing up to here concerns us; and when something is, all that we were told of is up to there.
        var looked = _hub.NotifiedThrough;
        if (_isDue)
        {
            _isDue = false;
            var pending = Interlocked.Exchange(ref _pending, 0);
            if (_unread == 0)
                _unread = pending;
        }
        else if (_unread == 0 && Pending != 0)
        {
            return null;
        }

        while (_unread > 0 && _found is null)
        {
            if (!TryFind(Math.Max(Position, _unread - 1)))
                return WatchState.Gone;
        }

        if (_unread == 0)
            Position = Math.Max(Position, looked);
        return _found is null ? null : WatchState.Changed;
    }

    // False when it is gone.
    private bool TryFind(long above)
    {
        var upTo = _hub.NotifyingThrough;
        var shared = Group?.After(above);
        if ((shared ?? _hub.Between(above, upTo, Filter)) is not { } found)
            return false;
        Position = Math.Max(Position, found.UpTo);
        _unread = (shared is null ? found.UpTo >= upTo : shared.Next is null) ? 0 : Position + 1;
        if (found.Commits.Length > 0)
            _found = found;
        return true;
    }

    // False when the time is up.
    private async ValueTask<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _signal, signal);
        if (_isDue || _hub.IsStopped)
            return true;
        await signal.Task.WaitAsync(timeout, _hub.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return signal.Task.IsCompleted;
    }
}
