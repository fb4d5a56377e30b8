using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>
/// Evaluates a batch in order against the latest state, for commit logs that have no other writer. It decides which transactions
/// commit, at which revision, and what each changes. The decision is private until the log has made its commits durable and passes it to its follower.
/// </summary>
/// <remarks>
/// Every transaction gets a revision of its own although one snapshot is published per batch: two unconditional writes of one
/// key in one batch must not share an ETag. Thread-safe.
/// </remarks>
/// <param name="time">The clock that stamps entries, where the limits have no time.</param>
public sealed class BatchDecider(TimeProvider time)
{
    // Of the bound of the entries: the share by which expiries may exceed it.
    private const int ExpiryReserveParts = 32;

    /// <summary>Decides a batch.</summary>
    /// <param name="follower">It has the state after every commit so far, and what the store may hold.</param>
    /// <param name="batch">The transactions, in the order in which they are evaluated.</param>
    /// <param name="limits">What is refused, and when it is now. With a time and without bounds of memory, the decision is a function of the state, the batch and these.</param>
    public Decision Decide(ICommitFollower follower, IReadOnlyList<Transaction> batch, in DecisionLimits limits = default)
    {
        var latest = follower.Latest;
        var outcomes = new Outcome[batch.Count];
        var commits = new List<Commit>(batch.Count);
        var changes = new List<EntryChange>();
        var state = latest.ToBuilder();
        var revision = latest.Revision;
        var now = limits.Now ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        var memory = limits.IgnoresMemory ? null : follower.Memory;

        for (var i = 0; i < outcomes.Length; i++)
        {
            changes.Clear();
            var context = new EvaluationContext(state, revision + 1, now);
            outcomes[i] = TryReject(context, batch[i], changes, out var only, out var results)
                ?? Commit(context, batch[i], changes, only, results, commits, state.Size, memory, limits);
            if (commits is [.., var last] && last.Revision > revision)
            {
                state.Apply(last);
                revision = last.Revision;
            }
        }

        return new Decision(latest, outcomes, commits, commits.Count == 0 ? latest : state.ToSnapshot(revision));
    }

    // Replayed, guards failed or rejected. Null when the transaction can commit; then the changes and the results are complete.
    private static Outcome? TryReject(
        in EvaluationContext context, Transaction transaction, List<EntryChange> changes, out OperationResult only, out OperationResult[]? results)
    {
        only = default;
        results = null;
        var revision = context.Revision - 1;
        if (transaction.Idempotency is { } idempotency && context.Find(idempotency.RecordKey) is { } record)
            return idempotency.Replay(revision, record);
        if (FindFailedGuards(context, transaction.Guards) is { } failed)
            return new Outcome.GuardsFailed(revision, failed);

        // Nearly all transactions have one operation, whose result needs no array.
        var operations = transaction.Operations;
        if (operations.Length != 1)
            results = new OperationResult[operations.Length];
        for (var i = 0; i < operations.Length; i++)
        {
            ref var result = ref results is null ? ref only : ref results[i];
            if (operations[i].Evaluate(context, changes, out result) is { } rejection)
                return new Outcome.Rejected(revision, rejection.Reason, rejection.Current);
        }

        return null;
    }

    private static ImmutableArray<FailedGuard>? FindFailedGuards(in EvaluationContext context, ImmutableArray<Guard> guards)
    {
        ImmutableArray<FailedGuard>.Builder? failed = null;
        foreach (var guard in guards)
        {
            var entry = context.Find(guard.Key);
            if (!guard.Passes(entry))
                (failed ??= ImmutableArray.CreateBuilder<FailedGuard>()).Add(new FailedGuard(guard, entry));
        }

        return failed?.ToImmutable();
    }

    private static Outcome Commit(
        in EvaluationContext context, Transaction transaction, List<EntryChange> changes, OperationResult only, OperationResult[]? results, List<Commit> commits,
        in SnapshotSize size, MemoryBudget? memory, in DecisionLimits limits)
    {
        var deleted = transaction.Operations is [var operation] ? operation.FindDeleted(context) : null;
        var commit = changes.Count > 0 || deleted is not null ? MakeCommit(context.Revision, changes, deleted) : null;
        var written = changes.Count;
        foreach (var record in transaction.Records)
            record.Evaluate(context, changes, out _);
        var revision = commit is null && changes.Count == 0 ? context.Revision - 1 : context.Revision;
        var committed = results is null ? new Outcome.Committed(revision, commit, only) : new Outcome.Committed(revision, commit, results);
        if (revision < context.Revision)
            return committed;

        // The commit of the outcome stays without the records, which callers do not ask for. What changed nothing can be repeated without one.
        if (commit is not null && transaction.Idempotency is { } idempotency)
        {
            if (idempotency.TryRecord(committed, context) is not { } record)
                return new Outcome.Rejected(context.Revision - 1, RejectionReason.RecordTooLarge, null);
            changes.Add(record);
        }

        if (commit is null || changes.Count > written)
            commit = MakeCommit(context.Revision, changes, deleted);

        if (memory is not null && FindFullAccount(size, changes, transaction, memory) is { } full)
            return new Outcome.NotApplied(full);
        if (limits.GrowthRefusal != GrowthRefusal.None && Grows(changes, transaction))
            return new Outcome.NotApplied(limits.GrowthRefusal == GrowthRefusal.NoSpace ? NotAppliedReason.NoSpace : NotAppliedReason.MemoryFull);
        if (limits.RefusesRecords && transaction.Idempotency is not null)
            return new Outcome.NotApplied(NotAppliedReason.Overloaded);
        commits.Add(commit);
        return committed;
    }

    // What does not grow passes, so that there is a way back from a full account. An expiry takes memory and is such a way, so it has a reserve.
    private static NotAppliedReason? FindFullAccount(in SnapshotSize before, List<EntryChange> changes, Transaction transaction, MemoryBudget memory)
    {
        var after = before;
        foreach (ref readonly var change in CollectionsMarshal.AsSpan(changes))
            after = after.After(change);
        if (after.EntriesMemory > before.EntriesMemory && after.EntriesMemory > memory.Entries.BytesMax
            && !memory.Entries.Admits(after.EntriesMemory - (Grows(changes, transaction) ? 0 : memory.Entries.BytesMax / ExpiryReserveParts)))
            return NotAppliedReason.MemoryFull;
        return after.RecordsMemory > before.RecordsMemory && !memory.Idempotency.Admits(after.RecordsMemory) ? NotAppliedReason.Overloaded : null;
    }

    // By keys and values, because another expiry takes next to nothing on the disk, and little in memory, and so do records of the store's own: a
    // deletion may have some. A transaction of records alone grows by these if it has guards: then it is about what was found out elsewhere, which need not be stored. Without, it
    // invalidates, which has to be possible when everything is full, because it lets entries go.
    private static bool Grows(List<EntryChange> changes, Transaction transaction)
    {
        var bytes = 0L;
        var areRecordsCounted = transaction.Operations.IsEmpty && !transaction.Guards.IsEmpty;
        foreach (var change in changes)
        {
            if (KeyRange.IsUserKey(change.Key.Utf8) || areRecordsCounted)
                bytes += (change.Current?.Bytes ?? 0) - (change.Previous?.Bytes ?? 0);
        }

        return bytes > 0;
    }

    private static Commit MakeCommit(long revision, List<EntryChange> changes, DeletedPrefix? deleted) =>
        changes.Count == 1 && deleted is null ? new Commit(revision, changes[0]) : new Commit(revision, changes.ToArray(), deleted);
}

/// <summary>What a <see cref="BatchDecider"/> decided.</summary>
/// <param name="Before">The state that it was decided against.</param>
/// <param name="Outcomes">An outcome for each transaction, in the batch's order.</param>
/// <param name="Commits">The commits, in order; fewer than outcomes, or none, when guards failed.</param>
/// <param name="After">The state after the last commit. It must not be read before the commits are durable.</param>
public sealed record Decision(Snapshot Before, Outcome[] Outcomes, IReadOnlyList<Commit> Commits, Snapshot After);
