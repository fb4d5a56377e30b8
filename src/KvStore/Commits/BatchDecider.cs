using System.Collections.Immutable;

namespace KvStore;

/// <summary>
/// Decides a batch against the latest state, for commit logs that have no other writer: which operations commit, at which
/// revision, and what each does. It changes nothing; the caller makes the commits durable and hands them to its follower.
/// </summary>
/// <remarks>
/// Every operation gets a revision of its own, one above the last, although one snapshot is published per batch: two
/// unconditional writes of one key in one batch must not share an ETag. Belongs to one thread at a time.
/// </remarks>
/// <param name="time">The clock that entries are stamped by.</param>
public sealed class BatchDecider(TimeProvider time)
{
    // What the operations decided so far in this batch left behind, laid over the latest snapshot.
    private readonly Dictionary<Key, Entry?> _overlay = [];

    /// <summary>Decides a batch.</summary>
    /// <param name="latest">The state after every commit so far.</param>
    /// <param name="batch">The operations, in order.</param>
    public Decision Decide(Snapshot latest, IReadOnlyList<Operation> batch)
    {
        var outcomes = new Outcome[batch.Count];
        var commits = new List<Commit>(batch.Count);
        var revision = latest.Revision;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();

        for (var i = 0; i < outcomes.Length; i++)
        {
            var operation = batch[i];
            if (HoldGuards(latest, operation, revision) is { } failed)
            {
                outcomes[i] = failed;
                continue;
            }

            var changes = Carry(latest, operation, revision + 1, now);
            if (changes.Length > 0)
                commits.Add(new Commit(++revision, changes));
            outcomes[i] = new Outcome.Committed(revision, changes);
        }

        _overlay.Clear();
        return new Decision(outcomes, commits);
    }

    private Outcome.GuardsFailed? HoldGuards(Snapshot latest, Operation operation, long revision)
    {
        ImmutableArray<FailedGuard>.Builder? failed = null;
        foreach (var guard in operation.Guards)
        {
            var entry = Find(latest, guard.Key);
            if (!guard.HoldsFor(entry))
                (failed ??= ImmutableArray.CreateBuilder<FailedGuard>()).Add(new FailedGuard(guard, entry));
        }

        return failed is null ? null : new Outcome.GuardsFailed(revision, failed.ToImmutable());
    }

    private CommittedChange[] Carry(Snapshot latest, Operation operation, long revision, long now)
    {
        var changes = new CommittedChange[operation.Changes.Length];
        var count = 0;
        foreach (var change in operation.Changes)
        {
            var previous = Find(latest, change.Key);
            Entry? current = change switch
            {
                Put put => EntryOf(put, previous, revision, now),
                Delete => null,
                _ => throw new InvalidOperationException($"Unknown change {change.GetType().Name}."),
            };
            if (previous is null && current is null)
                continue;
            changes[count++] = new CommittedChange(previous, current);
            _overlay[change.Key] = current;
        }

        return count == changes.Length ? changes : changes[..count];
    }

    private static Entry EntryOf(Put put, Entry? previous, long revision, long now) => put.Draft.Stamp(
        createdRevision: previous?.CreatedRevision ?? revision,
        revision,
        version: previous?.Version + 1 ?? 1,
        modifiedAtMilliseconds: now);

    private Entry? Find(Snapshot latest, Key key) =>
        _overlay.TryGetValue(key, out var entry) ? entry : latest.Find(key);
}

/// <summary>What a <see cref="BatchDecider"/> decided.</summary>
/// <param name="Outcomes">An outcome for each operation, in the batch's order.</param>
/// <param name="Commits">The commits, in order; fewer than outcomes, or none, when guards failed.</param>
public sealed record Decision(Outcome[] Outcomes, IReadOnlyList<Commit> Commits);
