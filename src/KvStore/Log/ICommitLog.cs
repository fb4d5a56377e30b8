namespace KvStore;

/// <summary>
/// The seam between the store and whatever makes a commit durable: memory, a local disk, a cluster.
/// The log decides which commits happen and in which order; the store makes snapshots of them.
/// </summary>
/// <remarks>
/// The store calls <see cref="FollowAsync"/> once, first. After it, <see cref="CommitAsync"/> is called by the owner loop
/// alone, one call at a time; the other members by any thread at any time.
/// </remarks>
public interface ICommitLog : IAsyncDisposable
{
    /// <summary>
    /// Hands the follower a base image and from then on every later commit: in order, whole, once, one call at a time.
    /// This is the only input of the store's snapshot. A log that lost history hands over a new base image.
    /// </summary>
    /// <returns>A task that ends when the follower has everything that was committed before this call.</returns>
    ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken);

    /// <summary>
    /// Tries to commit operations: each on its own, all or nothing, if its guards hold. When the task ends, the follower has,
    /// or will soon have, every commit that an outcome tells of.
    /// </summary>
    /// <param name="batch">The operations; their order is the order in which they are decided.</param>
    /// <param name="cancellationToken">Ends the wait for a decision; what is then undecided is <see cref="Outcome.Unknown"/>.</param>
    /// <returns>An outcome for each operation, in the batch's order. Failing to commit is an outcome; an exception is a bug.</returns>
    ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken);

    /// <summary>A revision at or above that of every commit that anyone was told of before this call.</summary>
    ValueTask<long> BarrierAsync(CancellationToken cancellationToken);

    /// <summary>Allows the log to forget the history at and below a revision.</summary>
    ValueTask CompactAsync(long revision, CancellationToken cancellationToken);
}

/// <summary>The side of the store that a commit log feeds.</summary>
public interface ICommitFollower
{
    /// <summary>The state after the last call of <see cref="Load"/> or <see cref="Apply(IReadOnlyList{Commit})"/>.</summary>
    Snapshot Latest { get; }

    /// <summary>Replaces the whole state.</summary>
    /// <param name="revision">The revision of the image; not below that of <see cref="Latest"/>.</param>
    /// <param name="entries">Its entries in the order of their keys, each key once. Read to its end before the call returns.</param>
    void Load(long revision, IEnumerable<Entry> entries);

    /// <summary>Adds commits and publishes the state after the last of them as one snapshot.</summary>
    /// <param name="commits">At least one commit; revisions rise, and all are above that of <see cref="Latest"/>.</param>
    void Apply(IReadOnlyList<Commit> commits);

    /// <summary>Adds the commits of a decision that was made against <see cref="Latest"/>, and publishes the state that came with it.</summary>
    /// <param name="decision">The decision; it has at least one commit.</param>
    void Apply(Decision decision) => Apply(decision.Commits);
}
