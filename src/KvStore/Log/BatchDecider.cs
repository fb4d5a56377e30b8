using System.Collections.Immutable;

namespace KvStore;

/// <summary>
/// Decides a batch against the latest state, for commit logs that have no other writer: which operations commit, at which
/// revision, and what each does. Nobody sees any of it yet; the caller makes the commits durable and hands the decision to its follower.
/// </summary>
/// <remarks>
/// Every operation gets a revision of its own, one above the last, although one snapshot is published per batch: two
/// unconditional writes of one key in one batch must not share an ETag. Any thread may use it.
/// </remarks>
/// <param name="time">The clock that entries are stamped by.</param>
public sealed class BatchDecider(TimeProvider time)
{
    /// <summary>Decides a batch.</summary>
    /// <param name="latest">The state after every commit so far.</param>
    /// <param name="batch">The operations, in order.</param>
    public Decision Decide(Snapshot latest, IReadOnlyList<Transaction> batch)
    {
        var outcomes = new Outcome[batch.Count];
        var commits = new List<Commit>(batch.Count);
        var changes = new List<EntryChange>();
        var builder = latest.ToBuilder();
        var revision = latest.Revision;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();

        for (var i = 0; i < outcomes.Length; i++)
        {
            changes.Clear();
            var context = new EvaluationContext(builder, revision + 1, now);
            outcomes[i] = TryReject(context, batch[i], changes) ?? Commit(context, batch[i], changes, commits);
            if (commits.Count > 0)
                revision = commits[^1].Revision;
        }

        return new Decision(latest, outcomes, commits, commits.Count == 0 ? latest : builder.ToSnapshot(revision));
    }

    // Null when all of it can be done; then the changes are what is to be done.
    private static Outcome? TryReject(in EvaluationContext context, Transaction transaction, List<EntryChange> changes)
    {
        var revision = context.Revision - 1;
        if (transaction.Idempotency is { } idempotency && context.Builder.Find(idempotency.RecordKey) is { } record)
            return idempotency.Replay(revision, record);
        if (FindFailedGuards(context.Builder, transaction.Guards) is { } failed)
            return new Outcome.GuardsFailed(revision, failed);
        foreach (var operation in transaction.Operations)
        {
            if (operation.Evaluate(context, changes) is { } rejection)
                return new Outcome.Rejected(revision, rejection.Reason, rejection.Current);
        }

        return null;
    }

    private static ImmutableArray<FailedGuard>? FindFailedGuards(SnapshotBuilder builder, ImmutableArray<Guard> guards)
    {
        ImmutableArray<FailedGuard>.Builder? failed = null;
        foreach (var guard in guards)
        {
            var entry = builder.Find(guard.Key);
            if (!guard.Passes(entry))
                (failed ??= ImmutableArray.CreateBuilder<FailedGuard>()).Add(new FailedGuard(guard, entry));
        }

        return failed?.ToImmutable();
    }

    private static Outcome Commit(in EvaluationContext context, Transaction transaction, List<EntryChange> changes, List<Commit> commits)
    {
        var commit = changes.Count > 0 ? MakeCommit(context.Revision, changes) : null;
        var committed = new Outcome.Committed(commit?.Revision ?? context.Revision - 1, commit)
        {
            Reads = Read(context.Builder, transaction.Reads),
        };
        if (commit is null)
            return committed;

        if (transaction.Idempotency is { } idempotency)
        {
            if (idempotency.Record(committed, context.Now) is not { } record)
                return new Outcome.Rejected(context.Revision - 1, RejectionReason.TooLarge, null);
            changes.Add(context.Replace(null, record));
            commit = MakeCommit(context.Revision, changes);
        }

        commits.Add(commit);
        context.Builder.Apply(commit, transaction.Operations is [DeletePrefix all] ? all.Range : null);
        return committed;
    }

    private static Commit MakeCommit(long revision, List<EntryChange> changes) =>
        changes.Count == 1 ? new Commit(revision, changes[0]) : new Commit(revision, changes.ToArray());

    private static ImmutableArray<Entry?> Read(SnapshotBuilder builder, ImmutableArray<Key> keys)
    {
        if (keys.IsEmpty)
            return [];
        var entries = ImmutableArray.CreateBuilder<Entry?>(keys.Length);
        foreach (var key in keys)
            entries.Add(builder.Find(key));
        return entries.MoveToImmutable();
    }
}

/// <summary>What a <see cref="BatchDecider"/> decided.</summary>
/// <param name="Before">The state that it was decided against.</param>
/// <param name="Outcomes">An outcome for each operation, in the batch's order.</param>
/// <param name="Commits">The commits, in order; fewer than outcomes, or none, when guards failed.</param>
/// <param name="After">The state after the last commit. Nobody may read it before the commits are durable.</param>
public sealed record Decision(Snapshot Before, Outcome[] Outcomes, IReadOnlyList<Commit> Commits, Snapshot After);
