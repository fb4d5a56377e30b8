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
    public Decision Decide(Snapshot latest, IReadOnlyList<Operation> batch)
    {
        var outcomes = new Outcome[batch.Count];
        var commits = new List<Commit>(batch.Count);
        var builder = latest.ToBuilder();
        var revision = latest.Revision;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();

        for (var i = 0; i < outcomes.Length; i++)
        {
            var operation = batch[i];
            if (HoldGuards(builder, operation, revision) is { } failed)
            {
                outcomes[i] = failed;
                continue;
            }

            var commit = Carry(builder, operation, revision + 1, now);
            if (commit is not null)
            {
                commits.Add(commit);
                revision++;
            }

            outcomes[i] = new Outcome.Committed(revision, commit);
        }

        return new Decision(latest, outcomes, commits, commits.Count == 0 ? latest : builder.ToSnapshot(revision));
    }

    private static Outcome.GuardsFailed? HoldGuards(SnapshotBuilder builder, Operation operation, long revision)
    {
        ImmutableArray<FailedGuard>.Builder? failed = null;
        foreach (var guard in operation.Guards)
        {
            var entry = builder.Find(guard.Key);
            if (!guard.HoldsFor(entry))
                (failed ??= ImmutableArray.CreateBuilder<FailedGuard>()).Add(new FailedGuard(guard, entry));
        }

        return failed is null ? null : new Outcome.GuardsFailed(revision, failed.ToImmutable());
    }

    private static Commit? Carry(SnapshotBuilder builder, Operation operation, long revision, long now)
    {
        if (operation.Changes is [var only])
            return Carry(builder, only, revision, now) is { } done ? new Commit(revision, done) : null;

        var changes = new List<CommittedChange>(operation.Changes.Length);
        foreach (var change in operation.Changes)
        {
            if (Carry(builder, change, revision, now) is { } one)
                changes.Add(one);
        }

        return changes.Count > 0 ? new Commit(revision, [.. changes]) : null;
    }

    // Null when there is nothing to do.
    private static CommittedChange? Carry(SnapshotBuilder builder, Change change, long revision, long now) => change switch
    {
        Put put => Carry(builder, put, revision, now),
        Delete => builder.Remove(change.Key) is { } removed ? new CommittedChange(removed, null) : null,
        _ => throw new InvalidOperationException($"Unknown change {change.GetType().Name}."),
    };

    private static CommittedChange Carry(SnapshotBuilder builder, Put put, long revision, long now)
    {
        var previous = builder.Find(put.Key);
        var entry = put.Draft.Stamp(
            createdRevision: previous?.CreatedRevision ?? revision,
            revision,
            version: previous?.Version + 1 ?? 1,
            modifiedAtMilliseconds: now);
        builder.Set(entry);
        return new CommittedChange(previous, entry);
    }
}

/// <summary>What a <see cref="BatchDecider"/> decided.</summary>
/// <param name="Before">The state that it was decided against.</param>
/// <param name="Outcomes">An outcome for each operation, in the batch's order.</param>
/// <param name="Commits">The commits, in order; fewer than outcomes, or none, when guards failed.</param>
/// <param name="After">The state after the last commit. Nobody may read it before the commits are durable.</param>
public sealed record Decision(Snapshot Before, Outcome[] Outcomes, IReadOnlyList<Commit> Commits, Snapshot After);
