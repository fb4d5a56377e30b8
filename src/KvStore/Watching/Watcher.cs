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
    // What is handed over at once is as much, so that whoever stops reading keeps no more from being forgotten.
    private const int CommitsMax = 256;
    private const long CommitsBytesMax = 1 << 20;

    private readonly WatchHub _hub;
    private readonly List<WatchedCommit> _commits = [];

    // The first revision that concerns this watcher and that it has not looked at; 0 when there is none. The hub sets it.
    private long _pending;
    private TaskCompletionSource? _signal;

    // The first revision that is still to be looked at, of what the hub told; 0 when there is none. Stays when it is gone.
    private long _unread;

    internal Watcher(WatchHub hub, WatchFilter filter, long position) => (_hub, Filter, Position) = (hub, filter, position);

    /// <summary>What it watches.</summary>
    public WatchFilter Filter { get; }

    /// <summary>Everything up to this revision has been handed over by <see cref="ReadAsync"/>, or does not concern this watcher.</summary>
    public long Position { get; private set; }

    /// <summary>The commits that the last <see cref="ReadAsync"/> found, in order, each once. Valid until the next one.</summary>
    public IReadOnlyList<WatchedCommit> Commits => _commits;

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

    /// <summary>For the hub: there is a commit that concerns this watcher, at this revision, or the hub has stopped.</summary>
    /// <returns>Whether it has to be woken, in case it waits: it had not been told of anything before.</returns>
    internal bool Tell(long revision) => Interlocked.CompareExchange(ref _pending, revision, 0) == 0;

    /// <summary>For the hub: ends the wait, if it waits.</summary>
    internal void Wake() => Interlocked.Exchange(ref _signal, null)?.TrySetResult();

    // Null when there is nothing to tell.
    private WatchState? Look()
    {
        _commits.Clear();
        if (_hub.IsStopped)
            return WatchState.Stopped;

        // The order matters because the hub says how far it is going to tell, then tells, then says how far it has told. So when
        // nothing is pending, nothing up to here concerns us; and when something is, all that we were told of is up to there.
        var looked = _hub.LookedUpTo;
        var pending = Interlocked.Exchange(ref _pending, 0);
        if (pending == long.MaxValue)
            return WatchState.Stopped;
        if (_unread == 0)
            _unread = pending;
        while (_unread > 0 && _commits.Count == 0)
        {
            var (above, upTo) = (Math.Max(Position, _unread - 1), _hub.TellingUpTo);
            if (_hub.Between(above, upTo) is not { } round)
                return WatchState.Gone;
            Position = Math.Max(Position, Take(round, above));
            _unread = Position < upTo ? Position + 1 : 0;
        }

        if (_unread == 0)
            Position = Math.Max(Position, looked);
        return _commits.Count > 0 ? WatchState.Changed : null;
    }

    // Returns how far it came.
    private long Take(WatchRound round, long above)
    {
        var bytes = 0L;
        foreach (var commit in round.After(above))
        {
            if (Filter.CountIn(commit.Commit) == 0)
                continue;
            _commits.Add(commit);
            foreach (ref readonly var change in commit.Commit.Changes)
                bytes += (change.Previous?.Bytes ?? 0) + (change.Current?.Bytes ?? 0);
            if (_commits.Count == CommitsMax || bytes >= CommitsBytesMax)
                return commit.Commit.Revision;
        }

        return round.UpTo;
    }

    // False when the time is up.
    private async ValueTask<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _signal, signal);
        if (Volatile.Read(ref _pending) != 0)
            return true;
        await signal.Task.WaitAsync(timeout, _hub.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return signal.Task.IsCompleted;
    }
}
