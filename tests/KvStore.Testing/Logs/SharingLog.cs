using System.Threading.Channels;

namespace KvStore.Testing;

/// <summary>
/// A log of the kind that a cluster is: operations that do not touch each other's keys are committed together at one
/// revision, revisions leave gaps, and the follower gets a commit on another thread after the caller has its outcome.
/// </summary>
internal sealed class SharingLog(TimeProvider time) : ICommitLog
{
    private Snapshot _state = new SnapshotPublisher(new StoreOptions(), time).Latest;
    private readonly Channel<Commit> _deliveries = Channel.CreateUnbounded<Commit>();
    private Task _delivery = Task.CompletedTask;
    private long _revision = 100;

    // The commit that gathers.
    private readonly List<EntryChange> _changes = [];
    private readonly HashSet<Key> _changed = [];

    private long Next => _revision + 3;

    private long Met => _changes.Count > 0 ? Next : _revision;

    public StoreId StoreId { get; } = StoreId.Create();

    public Task Completion { get; } = new TaskCompletionSource().Task;

    public CommitLogConnection? Connection => null;

    public Func<Task> Delivering { get; set; } = () => Task.CompletedTask;

    public ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        follower.Load(_revision, []);
        _delivery = Task.Run(() => DeliverAsync(follower), CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    public ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        var outcomes = new Outcome[batch.Count];
        for (var i = 0; i < outcomes.Length; i++)
            outcomes[i] = Decide(batch[i]);
        Deliver();
        return ValueTask.FromResult(outcomes);
    }

    public ValueTask<long?> BarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult<long?>(Volatile.Read(ref _revision));

    public async ValueTask DisposeAsync()
    {
        _deliveries.Writer.TryComplete();
        await _delivery;
    }

    private Outcome Decide(Transaction transaction)
    {
        if (MeetsWhatGathers(transaction))
            Deliver();

        var context = new EvaluationContext(_state.ToBuilder(), Next, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (transaction.Idempotency is { } idempotency && _state.Find(idempotency.RecordKey) is { } record)
            return idempotency.Replay(Met, record);
        var failed = transaction.Guards.Select(guard => new FailedGuard(guard, _state.Find(guard.Key)))
            .Where(guard => !guard.Guard.Passes(guard.Current)).ToArray();
        return failed.Length > 0 ? new Outcome.GuardsFailed(Met, [.. failed]) : Carry(context, transaction);
    }

    // Those keys that are not known before the operation is decided may be any.
    private bool MeetsWhatGathers(Transaction transaction) =>
        transaction.Idempotency is not null || transaction.Operations.Any(operation => operation.IsExclusive) ||
        transaction.Guards.Select(guard => guard.Key)
            .Concat(transaction.Operations.Concat(transaction.Records).SelectMany(operation => new[] { operation.Key, operation.OtherKey })).Any(_changed.Contains);

    private Outcome Carry(EvaluationContext context, Transaction transaction)
    {
        var changes = new List<EntryChange>();
        var results = new OperationResult[transaction.Operations.Length];
        for (var i = 0; i < results.Length; i++)
        {
            if (transaction.Operations[i].Evaluate(context, changes, out results[i]) is { } rejection)
                return new Outcome.Rejected(Met, rejection.Reason, rejection.Current);
        }

        var deleted = transaction.Operations is [var operation] ? operation.FindDeleted(context) : null;
        var isCommit = changes.Count > 0 || deleted is not null;
        var commit = isCommit ? new Commit(Next, [.. changes], deleted) : null;
        foreach (var own in transaction.Records)
            own.Evaluate(context, changes, out _);
        var committed = new Outcome.Committed(isCommit || changes.Count > 0 ? Next : Met, commit, results);
        if (isCommit && transaction.Idempotency is { } idempotency)
        {
            if (idempotency.TryRecord(committed, context) is not { } record)
                return new Outcome.Rejected(Met, RejectionReason.RecordTooLarge, null);
            changes.Add(record);
        }

        _changes.AddRange(changes);
        _changed.UnionWith(changes.Select(change => change.Key));

        // Alone in its commit: what follows could meet any of its keys.
        if (deleted is not null)
            Deliver(deleted);
        return committed;
    }

    private void Deliver(DeletedPrefix? deleted = null)
    {
        if (_changes.Count == 0 && deleted is null)
            return;
        var commit = new Commit(Next, [.. _changes], deleted);
        var builder = _state.ToBuilder();
        builder.Apply(commit);
        _state = builder.ToSnapshot(commit.Revision);
        _deliveries.Writer.TryWrite(commit);
        Volatile.Write(ref _revision, commit.Revision);
        _changes.Clear();
        _changed.Clear();
    }

    private async Task DeliverAsync(ICommitFollower follower)
    {
        await foreach (var commit in _deliveries.Reader.ReadAllAsync())
        {
            await Delivering();
            follower.Apply([commit]);
        }
    }
}
