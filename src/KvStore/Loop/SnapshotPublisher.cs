namespace KvStore;

/// <summary>
/// Turns the commits of the log into snapshots and publishes them. The log calls the members of <see cref="ICommitFollower"/>, one
/// call at a time; any thread may call the others, and never waits for the log.
/// </summary>
internal sealed class SnapshotPublisher : ICommitFollower
{
    private readonly History _history;
    private readonly SnapshotHolds _holds;
    private readonly RetainedSnapshots _retained;
    private readonly OldSnapshots _old;

    // Written by the log's thread alone. A volatile write publishes; nothing else makes data visible.
    private volatile Snapshot _latest = Snapshot.Empty;

    // The log's thread's own: whether there was an image before.
    private bool _isLoaded;

    // Set while the service is put together, by one thread; read by the log's.
    private volatile Action[] _outboxFollowers = [];

    // Completed and removed by the next publication. Null while no reader waits.
    private TaskCompletionSource? _published;

    public SnapshotPublisher(StoreOptions options, TimeProvider time)
    {
        Memory = new MemoryBudget(options);
        ExpensiveReads = new ReadGate(options.ExpensiveReadsMax, options.ExpensiveReadsWaitingMax, options.ExpensiveReadWaitMax, time);
        Expiry = new ExpirySchedule(Memory.Idempotency);
        _history = new History(options, time);
        _holds = new SnapshotHolds(Memory.Snapshots);
        _retained = new RetainedSnapshots(_holds, Memory.Snapshots, options, time);
        _old = new OldSnapshots(_history, _holds, _retained, Memory.Snapshots, ExpensiveReads);
        Leases = new SnapshotLeases(_holds, time);
    }

    public Snapshot Latest => _latest;

    /// <summary>Called on the log's thread when an image has replaced an earlier one, after its publication.</summary>
    public Action? Replaced { get; set; }

    /// <summary>Has a callback called on the log's thread after each publication that changes what has yet to reach an origin. It must be quick, and must not throw. One thread at a time may call this.</summary>
    public void FollowOutbox(Action changed) => _outboxFollowers = [.. _outboxFollowers, changed];

    /// <summary>What the store may hold, and holds.</summary>
    public MemoryBudget Memory { get; }

    /// <summary>The gate of what reads more than a few entries.</summary>
    public ReadGate ExpensiveReads { get; }

    /// <summary>Snapshots that are being sent.</summary>
    public SnapshotLeases Leases { get; }

    /// <summary>Old snapshots that are retained for readers who come back.</summary>
    public int RetainedSnapshots => _retained.Count;

    /// <summary>The entries of the latest snapshot that expire.</summary>
    public ExpirySchedule Expiry { get; }

    public long OldestRevision => _history.OldestRevision;

    /// <inheritdoc cref="History.OldestAt"/>
    public DateTimeOffset? OldestCommitAt => _history.OldestAt;

    /// <inheritdoc cref="History.IsLost"/>
    public bool IsLost(long revision) => _history.IsLost(revision);

    /// <inheritdoc cref="History.Pin"/>
    public RetentionPin Pin(long after) => _history.Pin(after);

    public IDisposable Hold(Snapshot snapshot) => _holds.Use(snapshot);

    public void Load(long revision, IEnumerable<Entry> entries)
    {
        if (revision < _latest.Revision)
            throw new InvalidOperationException($"An image at revision {revision} after revision {_latest.Revision}.");

        var image = _latest.Replace(revision, entries, _holds);
        _retained.Clear();
        Expiry.Load(image);
        _history.Reset(revision);
        Publish(image);
        NotifyOutboxFollowers();
        if (_isLoaded)
            Replaced?.Invoke();
        _isLoaded = true;
    }

    public void Apply(IReadOnlyList<Commit> commits)
    {
        var builder = _latest.ToBuilder();
        var last = _latest.Revision;
        foreach (var commit in commits)
        {
            if (commit.Revision <= last)
                throw new InvalidOperationException($"A commit at revision {commit.Revision} after revision {last}.");
            builder.Apply(commit);
            last = commit.Revision;
        }

        Publish(commits, builder.ToSnapshot(last));
    }

    public void Apply(Decision decision)
    {
        if (decision.Before != _latest)
            throw new InvalidOperationException($"A decision on the state of revision {decision.Before.Revision} after revision {_latest.Revision}.");
        Publish(decision.Commits, decision.After);
    }

    /// <summary>Waits until the latest snapshot has reached a revision, and returns it.</summary>
    public ValueTask<Snapshot> WaitForRevisionAsync(long revision, CancellationToken cancellationToken)
    {
        var latest = _latest;
        return latest.Revision >= revision ? ValueTask.FromResult(latest) : WaitForPublicationAsync(revision, cancellationToken);
    }

    // Separate so that callers that do not wait allocate no state machine.
    private async ValueTask<Snapshot> WaitForPublicationAsync(long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The order matters because the publisher writes the snapshot and then takes the signal. With the two reads reversed:
            //   T1 (waiter):    reads the latest snapshot, which is too old
            //   T2 (publisher): writes the snapshot, finds no signal to complete
            //   T1:             sets a signal, and waits although its snapshot is there
            var published = Volatile.Read(ref _published) ?? Signal();
            if (_latest is var snapshot && snapshot.Revision >= revision)
                return snapshot;
            await published.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        TaskCompletionSource Signal()
        {
            var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return Interlocked.CompareExchange(ref _published, fresh, null) ?? fresh;
        }
    }

    /// <inheritdoc cref="History.CommitsBetween"/>
    public List<Commit>? CommitsBetween(long above, long upTo, int commitsMax = int.MaxValue) => _history.CommitsBetween(above, upTo, commitsMax);

    /// <summary>The state at a revision, if it is retained or can be made from the history.</summary>
    public ValueTask<SnapshotRead> FindSnapshotAsync(long revision, CancellationToken cancellationToken) => _old.FindAsync(revision, _latest, cancellationToken);

    public void Retain(Snapshot snapshot) => _retained.Retain(snapshot);

    /// <summary>Ends the timers that release snapshots.</summary>
    public void Stop()
    {
        _retained.Stop();
        Leases.Stop();
    }

    private void Publish(IReadOnlyList<Commit> commits, Snapshot snapshot)
    {
        // The order matters because a reader takes the snapshot first and then the history: it must find every commit
        // up to that snapshot there.
        _history.Add(commits);
        Expiry.Add(commits);
        Publish(snapshot);
        if (_outboxFollowers.Length > 0 && ChangeOutbox(commits))
            NotifyOutboxFollowers();
    }

    private static bool ChangeOutbox(IReadOnlyList<Commit> commits)
    {
        for (var i = 0; i < commits.Count; i++)
        {
            foreach (ref readonly var change in commits[i].Changes)
            {
                if (ReservedKeys.IsOutbox(change.Key.Utf8))
                    return true;
            }
        }

        return false;
    }

    private void NotifyOutboxFollowers()
    {
        foreach (var changed in _outboxFollowers)
            changed();
    }

    private void Publish(Snapshot snapshot)
    {
        Memory.Entries.Set(snapshot.Size.EntriesMemory);
        Memory.Idempotency.Set(snapshot.Size.RecordsMemory);
        Memory.History.Set(_history.HeldBytes);
        // The order matters because a reader who holds the new snapshot keeps nothing of the old one alive.
        _holds.Publish(snapshot);
        _latest = snapshot;
        if (!_retained.TryReleaseMemory())
            Leases.RevokeOldest();
        Interlocked.Exchange(ref _published, null)?.TrySetResult();
    }
}
