namespace KvStore;

/// <summary>
/// A linearizable key-value store: one writer, immutable snapshots. Reads take <see cref="Latest"/> (or
/// <see cref="ReadAsync"/>) and wait for nobody; writes go through <see cref="SubmitAsync"/>. Any thread may call any member.
/// </summary>
public sealed class Store : IAsyncDisposable
{
    private readonly StoreOptions _options;
    private readonly ICommitLog _log;
    private readonly TransactionQueue _queue;
    private readonly SnapshotPublisher _publisher;
    private readonly OwnerLoop _loop;
    private readonly ExpirySweeper _expirer;
    private readonly WatchHub _watchers;

    /// <summary>Makes a store that is not started.</summary>
    /// <param name="log">What makes commits durable. The store disposes of it.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is one that a store cannot work with.</exception>
    public Store(ICommitLog log, StoreOptions options, TimeProvider time)
    {
        options.Validate();
        _options = options;
        _log = log;
        _queue = new TransactionQueue(options);
        _publisher = new SnapshotPublisher(options, time);
        _loop = new OwnerLoop(log, _queue, _publisher);
        _watchers = new WatchHub(_publisher, options, time, _loop.Abort);
        _expirer = new ExpirySweeper(_loop, _publisher.Expiry, options, time);
    }

    /// <summary>The state after the last commit. It holds every write that anyone on this node had an answer for.</summary>
    public Snapshot Latest => _publisher.Latest;

    /// <summary>Where the store is in its life.</summary>
    public StoreState State => _loop.State;

    /// <summary>Ends when loading has ended, well or not; <see cref="State"/> tells which.</summary>
    public Task Loaded => _loop.Loaded;

    /// <summary>Ends when the store has stopped; faults when it failed.</summary>
    public Task Completion => _loop.Completion;

    /// <summary>Operations that wait to be committed.</summary>
    public int QueuedOperations => _queue.Count;

    /// <summary>Bytes of keys and values of operations that have no outcome yet.</summary>
    public long QueuedBytes => _queue.Bytes;

    /// <summary>Entries that are going to expire, with the store's own records.</summary>
    public int ExpiringEntries => _publisher.Expiry.Count;

    /// <summary>How many watchers there are.</summary>
    public int Watchers => _watchers.Count;

    /// <summary>The oldest revision that <see cref="TryGetSnapshot"/> can always tell.</summary>
    public long OldestRevision => _publisher.OldestRevision;

    /// <summary>The limits.</summary>
    public StoreOptions Options => _options;

    /// <summary>Starts loading, and then admits writes. Does not wait; see <see cref="State"/>.</summary>
    public void Start() => _loop.Start();

    /// <summary>Admits no more writes, decides those that were admitted, and ends the owner loop.</summary>
    /// <param name="cancellationToken">Ends the wait, not the work.</param>
    public Task StopAsync(CancellationToken cancellationToken) => _loop.StopAsync(cancellationToken);

    /// <summary>Asks for an operation to be carried out.</summary>
    /// <returns>
    /// Its outcome. There is no cancellation: an operation that was admitted <em>will</em> be decided, whoever still waits.
    /// A refusal (<see cref="Outcome.NotApplied"/>) comes at once. A store that has nothing else to do carries the operation out
    /// in the calling thread, up to where its log waits for something.
    /// </returns>
    public Task<Outcome> SubmitAsync(Transaction transaction) => _loop.SubmitAsync(transaction);

    /// <summary>The state for a linearizable read: it holds every commit that anyone, anywhere had an answer for before this call.</summary>
    public ValueTask<Snapshot> ReadAsync(CancellationToken cancellationToken)
    {
        // Not async: on one node nothing of this ever waits, and then it needs no state machine.
        var barrier = _log.BarrierAsync(cancellationToken);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        return barrier.IsCompletedSuccessfully ? _publisher.WaitForRevisionAsync(barrier.Result, cancellationToken) : WaitAsync(_publisher, barrier, cancellationToken);
#pragma warning restore RS0030

        static async ValueTask<Snapshot> WaitAsync(SnapshotPublisher publisher, ValueTask<long> barrier, CancellationToken cancellationToken) =>
            await publisher.WaitForRevisionAsync(await barrier.ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The latest state, as soon as it has come to a revision.</summary>
    /// <param name="revision">The revision; it may never come.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Snapshot> WaitForRevisionAsync(long revision, CancellationToken cancellationToken) => _publisher.WaitForRevisionAsync(revision, cancellationToken);

    /// <summary>The state at a revision, as long as it is remembered.</summary>
    /// <param name="revision">A revision; between two commits it means the state after the earlier one.</param>
    /// <param name="snapshot">The state, or null when it is forgotten (below <see cref="OldestRevision"/>) or still to come (above <see cref="Latest"/>).</param>
    public bool TryGetSnapshot(long revision, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Snapshot? snapshot)
    {
        snapshot = _publisher.FindSnapshot(revision);
        return snapshot is not null;
    }

    /// <summary>Remembers a snapshot for readers who will come back to its revision, for as long as <see cref="StoreOptions.KeptSnapshotAgeMax"/> says.</summary>
    public void Retain(Snapshot snapshot) => _publisher.Retain(snapshot);

    /// <summary>Begins to watch keys.</summary>
    /// <param name="filter">Which keys.</param>
    /// <param name="after">
    /// The revision after which it begins. When it is older than <see cref="OldestRevision"/>, the first read says so; when it is still to
    /// come, nothing before it is handed over.
    /// </param>
    /// <returns>The watcher, which the caller disposes of; null when there are <see cref="StoreOptions.WatchersMax"/> already.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The revision is negative.</exception>
    public Watcher? TryWatch(WatchFilter filter, long after)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        return _watchers.TryAdd(filter, after);
    }

    /// <summary>Ends all watchers, so that whoever waits for one can be let go before the store stops.</summary>
    public void StopWatchers() => _watchers.Stop();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _watchers.Dispose();
        _expirer.Dispose();
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _log.DisposeAsync().ConfigureAwait(false);
        _loop.Dispose();
    }
}
