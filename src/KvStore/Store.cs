namespace KvStore;

/// <summary>
/// A linearizable key-value store: one writer, immutable snapshots. Reads work on <see cref="Latest"/> (or
/// <see cref="ReadAsync"/>) and never wait for the writer; writes go through <see cref="SubmitAsync"/>. Thread-safe.
/// </summary>
public sealed partial class Store : IAsyncDisposable
{
    private readonly StoreOptions _options;
    private readonly ICommitLog _log;
    private readonly TimeProvider _time;
    private readonly TransactionQueue _queue;
    private readonly SnapshotPublisher _publisher;
    private readonly CommitDelivery _delivery;
    private readonly OwnerLoop _loop;
    private readonly PatchPreparer _patches;
    private readonly ExpirySweeper _sweeper;
    private readonly WatchHub _watchers;
    private readonly ITransactionInterceptor? _interceptor;

    /// <summary>Creates a store; <see cref="Start"/> starts it.</summary>
    /// <param name="log">Makes commits durable. The store disposes it.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="metrics">The instruments. Without them nothing is measured.</param>
    /// <param name="interceptor">Sees every transaction before it is admitted; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of range.</exception>
    public Store(ICommitLog log, StoreOptions options, TimeProvider time, StoreMetrics? metrics = null, ITransactionInterceptor? interceptor = null)
    {
        metrics ??= new StoreMetrics(null);
        options.Validate();
        _options = options;
        _log = log;
        _time = time;
        _interceptor = interceptor;
        _publisher = new SnapshotPublisher(options, time);
        _queue = new TransactionQueue(options, Memory.Queue, metrics, time);
        _delivery = new CommitDelivery(_publisher, options.DeliveryWaitMax, time);
        _loop = new OwnerLoop(log, _queue, _publisher, _delivery);
        _patches = new PatchPreparer(() => _publisher.Latest, _loop.SubmitAsync, Memory.Queue, options.QueueWaitMax, time);
        _watchers = new WatchHub(_publisher, options, time, _loop.Abort);
        _publisher.Replaced = _watchers.EndAll;
        _sweeper = new ExpirySweeper(_publisher.Expiry, options, metrics, time, () => log.Rank, SubmitInternalAsync, _loop.Abort);
    }

    /// <summary>The state after the last commit. It includes every write that was acknowledged on this node.</summary>
    public Snapshot Latest => _publisher.Latest;

    /// <summary>The id of the store; null until it has loaded.</summary>
    public StoreId? Id => _log.StoreId is var id && id == default ? null : id;

    /// <summary>What the log knows of the place that keeps the commits; null if that is this process or its disk, so that <see cref="Latest"/> is never old.</summary>
    public CommitLogConnection? Connection => _log.Connection;

    /// <summary>The state of the store's life.</summary>
    public StoreState State => _loop.State;

    /// <summary>Completes when loading has ended, successfully or not; see <see cref="State"/>.</summary>
    public Task Loaded => _loop.Loaded;

    /// <summary>Completes when the store has stopped; faults when it failed.</summary>
    public Task Completion => _loop.Completion;

    /// <summary>The place of this node among those that have the same commits, for work that one of them does for all; 0 for the first, and for the only one.</summary>
    public int Rank => _log.Rank;

    /// <inheritdoc cref="ICommitLog.FenceBase"/>
    public long FenceBase => _log.FenceBase;

    /// <summary>What the store and the service around it may hold, and hold.</summary>
    public MemoryBudget Memory => _publisher.Memory;

    /// <summary>The gate of reads that take much time or memory, such as those of old revisions.</summary>
    public ReadGate ExpensiveReads => _publisher.ExpensiveReads;

    /// <summary>Old snapshots that are retained for readers that come back to them.</summary>
    public int RetainedSnapshots => _publisher.RetainedSnapshots;

    /// <summary>Snapshots that are being sent, and how many were revoked so far.</summary>
    public (int Count, long Revoked) Leases => (_publisher.Leases.Count, _publisher.Leases.Revoked);

    /// <summary>Transactions in the queue.</summary>
    public int QueuedOperations => _queue.Count;

    /// <summary>Bytes of transactions that have no outcome yet.</summary>
    public long QueuedBytes => Memory.Queue.Bytes;

    /// <summary>Entries that have an expiry, including the store's own records.</summary>
    public int ExpiringEntries => _publisher.Expiry.Count;

    /// <summary>Watchers at present.</summary>
    public int Watchers => _watchers.Count;

    /// <summary>The oldest revision that <see cref="FindSnapshotAsync"/> is sure to find.</summary>
    public long OldestRevision => _publisher.OldestRevision;

    /// <summary>
    /// Revisions from the first change that some watcher has been notified of and has not read, to the latest one; 0 when all have read theirs.
    /// Looks at every watcher, while none can be notified.
    /// </summary>
    public long WatchLag => _watchers.Lag;

    /// <summary>The time since the oldest commit that the history retains; zero when it retains none.</summary>
    public TimeSpan HistoryAge => _publisher.OldestCommitAt is { } at && _time.GetUtcNow() is var now && now > at ? now - at : TimeSpan.Zero;

    /// <summary>The limits.</summary>
    public StoreOptions Options => _options;

    /// <summary>Starts loading; writes are admitted when that is done. Returns at once; see <see cref="Loaded"/>.</summary>
    public void Start()
    {
        _loop.Start();
        _ = EndWithLogAsync();
    }

    /// <summary>Admits no more writes, completes those that were admitted, and ends the owner loop.</summary>
    /// <param name="cancellationToken">
    /// Ends the wait, not the work. A log that keeps its commits elsewhere then has to answer without it: what it does not know yet is <see cref="Outcome.Unknown"/>.
    /// </param>
    public Task StopAsync(CancellationToken cancellationToken) => _loop.StopAsync(cancellationToken);

    /// <summary>The state for a linearizable read: it includes every write that was acknowledged, on any node, before this call.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The state; null if the place that keeps the commits cannot be reached, or <see cref="StoreOptions.ReadWaitMax"/> is over.</returns>
    public ValueTask<Snapshot?> ReadAsync(CancellationToken cancellationToken)
    {
        // Not async: on one node this never waits and needs no state machine.
        var barrier = _log.BarrierAsync(cancellationToken);
        if (!barrier.IsCompletedSuccessfully)
            return WaitAsync(barrier, cancellationToken);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        var revision = barrier.Result;
#pragma warning restore RS0030
        var latest = _publisher.Latest;
        return latest.Revision >= revision ? ValueTask.FromResult<Snapshot?>(latest) : WaitAsync(ValueTask.FromResult(revision), cancellationToken);
    }

    /// <summary>The latest state, as soon as it has reached a revision.</summary>
    /// <param name="revision">The revision. Nothing but the token bounds the wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Snapshot> WaitForRevisionAsync(long revision, CancellationToken cancellationToken) => _publisher.WaitForRevisionAsync(revision, cancellationToken);

    /// <summary>Whether a revision may have been reported for a commit that the log has lost since; see <see cref="Commit.Gap"/>.</summary>
    public bool IsLost(long revision) => _publisher.IsLost(revision);

    /// <summary>The state at a revision, as long as it is retained. May have to undo many commits, as one of the <see cref="ExpensiveReads"/>.</summary>
    /// <param name="revision">A revision; between two commits it means the state after the earlier one.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>
    /// The state; none when it is no longer retained (below <see cref="OldestRevision"/>), lost (<see cref="IsLost"/>), not reached yet
    /// (above <see cref="Latest"/>), or when there are too many such reads.
    /// </returns>
    public ValueTask<SnapshotRead> FindSnapshotAsync(long revision, CancellationToken cancellationToken) => _publisher.FindSnapshotAsync(revision, cancellationToken);

    /// <summary>Retains a snapshot for readers that will come back to its revision, as long as <see cref="StoreOptions.KeptSnapshotAgeMax"/> and <see cref="StoreOptions.SnapshotsBytesMax"/> allow.</summary>
    public void Retain(Snapshot snapshot) => _publisher.Retain(snapshot);

    /// <summary>Leases a snapshot to a reader that sends it at the pace of a client.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="timeMax">The time after which the lease is revoked.</param>
    /// <returns>The lease, which the caller disposes. It is revoked earlier if old snapshots keep too much memory alive and it is the oldest.</returns>
    public SnapshotLease Lease(Snapshot snapshot, TimeSpan timeMax) => _publisher.Leases.Add(snapshot, timeMax);

    /// <summary>Starts to watch keys.</summary>
    /// <param name="filter">The keys.</param>
    /// <param name="after">
    /// The revision to start after. Below <see cref="OldestRevision"/> or lost, the first read returns <see cref="WatchState.Gone"/>; above
    /// <see cref="Latest"/> no earlier commit is returned.
    /// </param>
    /// <returns>The watcher, which the caller disposes; null when there are <see cref="StoreOptions.WatchersMax"/> already.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The revision is negative.</exception>
    public Watcher? TryWatch(WatchFilter filter, long after)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        return _watchers.TryAdd(filter, after);
    }

    /// <summary>Ends all watchers, so that requests that wait for one can end before the store stops.</summary>
    public void StopWatchers() => _watchers.Stop();

    /// <inheritdoc cref="SnapshotPublisher.FollowOutbox"/>
    internal void FollowOutbox(Action changed) => _publisher.FollowOutbox(changed);

    private async Task EndWithLogAsync()
    {
        try
        {
            await _log.Completion.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _loop.Abort(exception is CommitLogRefusedException ? exception : new InvalidOperationException($"The commit log passes no more commits: {exception.Message}", exception));
            _delivery.Hurry();
        }
    }

    private async ValueTask<Snapshot?> WaitAsync(ValueTask<long?> barrier, CancellationToken cancellationToken)
    {
        // One bound for both: which of the two is slow makes no difference to a reader.
        using var bound = new CancellationTokenSource(_options.ReadWaitMax, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            return await barrier.AsTask().WaitAsync(either.Token).ConfigureAwait(false) is { } revision
                ? await _publisher.WaitForRevisionAsync(revision, either.Token).ConfigureAwait(false)
                : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _watchers.Dispose();
        _sweeper.Dispose();
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _log.DisposeAsync().ConfigureAwait(false);
        _loop.Dispose();
        _publisher.Stop();
    }
}
