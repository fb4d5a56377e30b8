using System.Threading.Channels;

namespace KvStore.Tests;

/// <summary>
/// A log of the kind that a cluster is: operations that do not touch each other's keys are committed together at one
/// revision, revisions leave gaps, and the follower hears of a commit on another thread after the caller had its outcome.
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

    public ValueTask<long> BarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Volatile.Read(ref _revision));

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _deliveries.Writer.TryComplete();
        await _delivery;
    }

    private Outcome Decide(Transaction operation)
    {
        if (MeetsWhatGathers(operation))
            Deliver();

        var deciding = new EvaluationContext(_state.ToBuilder(), Next, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (operation.Idempotency is { } idempotency && _state.Find(idempotency.RecordKey) is { } record)
            return idempotency.Replay(Met, record);
        var failed = operation.Guards.Select(guard => new FailedGuard(guard, _state.Find(guard.Key)))
            .Where(guard => !guard.Guard.Passes(guard.Current)).ToArray();
        return failed.Length > 0 ? new Outcome.GuardsFailed(Met, [.. failed]) : Carry(deciding, operation);
    }

    // Those keys that are not known before the operation is decided may be any.
    private bool MeetsWhatGathers(Transaction operation) =>
        operation.Idempotency is not null || operation.Operations.Any(change => change.IsExclusive) ||
        operation.Guards.Select(guard => guard.Key).Concat(operation.Reads)
            .Concat(operation.Operations.SelectMany(change => new[] { change.Key, change.OtherKey })).Any(_changed.Contains);

    private Outcome Carry(EvaluationContext deciding, Transaction operation)
    {
        var changes = new List<EntryChange>();
        foreach (var change in operation.Operations)
        {
            if (change.Evaluate(deciding, changes) is { } refusal)
                return new Outcome.Rejected(Met, refusal.Reason, refusal.Current);
        }

        var committed = new Outcome.Committed(changes.Count == 0 ? Met : Next, changes.Count == 0 ? null : new Commit(Next, [.. changes]))
        {
            Reads = [.. operation.Reads.Select(key => _state.Find(key))],
        };
        if (changes.Count > 0 && operation.Idempotency is { } idempotency)
        {
            if (idempotency.Record(committed, deciding.Now) is not { } record)
                return new Outcome.Rejected(Met, RejectionReason.TooLarge, null);
            changes.Add(deciding.Replace(null, record));
        }

        _changes.AddRange(changes);
        _changed.UnionWith(changes.Select(change => change.Key));
        return committed;
    }

    private void Deliver()
    {
        if (_changes.Count == 0)
            return;
        var commit = new Commit(Next, [.. _changes]);
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
