namespace KvStore;

/// <summary>
/// The seam between the store and whatever makes a commit durable: memory, a local disk, a cluster.
/// The log decides which commits happen and in which order; the store makes snapshots of them.
/// </summary>
/// <remarks>
/// The store calls <see cref="FollowAsync"/> once, first. After it, the owner loop alone calls <see cref="CommitAsync"/>, one
/// call at a time; any thread may call the other members at any time.
/// </remarks>
public interface ICommitLog : IAsyncDisposable
{
    /// <summary>
    /// The id of the store whose commits these are: the same as long as every revision that was ever reported to a client still means the
    /// same commit or is known to be lost. Known once <see cref="FollowAsync"/> has completed, and never changed afterwards; it may be the default value before.
    /// </summary>
    StoreId StoreId { get; }

    /// <summary>
    /// Faults when the log can no longer pass commits to its follower, and never will: a bug, a format that this version does not know, credentials revoked for
    /// good. The store then ends. A place that does not answer is no such reason, however long it lasts. Completes when the log is disposed of.
    /// </summary>
    /// <remarks>The log has to answer a pending <see cref="CommitAsync"/> nevertheless, and fails pending barriers.</remarks>
    Task Completion { get; }

    /// <summary>What the log knows of the place that keeps its commits; null if that is this process or its disk, so that the follower's state is never old.</summary>
    CommitLogConnection? Connection { get; }

    /// <summary>
    /// Passes a base image to the follower, and from then on every later commit: in order, exactly once, never in part; calls never overlap.
    /// This is the only input of the store's snapshot. A log that lost history passes a new base image.
    /// </summary>
    /// <returns>
    /// A task that completes when the follower has everything that was committed before this call. A log that cannot reach the place of its commits keeps
    /// trying, and <see cref="Connection"/> says so.
    /// </returns>
    /// <exception cref="CommitLogRefusedException">Trying again would not help.</exception>
    ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken);

    /// <summary>
    /// Tries to commit transactions: each on its own, all or nothing, if its guards pass. When the task completes, the follower
    /// has, or will soon have, every commit that an outcome reports.
    /// </summary>
    /// <param name="batch">The transactions, in the order in which they are evaluated.</param>
    /// <param name="cancellationToken">
    /// The store is stopping and waits no longer; what then has no outcome is <see cref="Outcome.Unknown"/>. A log that needs more than its own disk ends the wait
    /// by itself, too, within a bound of its own.
    /// </param>
    /// <returns>
    /// An outcome for each transaction, in the batch's order. Failing to commit is an outcome; an exception is a bug. A commit that the follower then does not
    /// get within <see cref="StoreOptions.DeliveryWaitMax"/> is unknown to its caller.
    /// </returns>
    ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken);

    /// <summary>
    /// Waits a moment for more transactions, if a batch costs the log much and it expects more. The owner loop calls it before it takes a batch.
    /// </summary>
    /// <param name="queued">Transactions in the queue.</param>
    ValueTask GatherAsync(int queued) => default;

    /// <summary>The place of this node among those that have the same commits: 0 does first what one of them has to do, and the others only if it does not.</summary>
    int Rank => 0;

    /// <summary>
    /// What is added to a revision for others who compare it with those of earlier starts: 0 for a log whose revisions never begin again. Never changed.
    /// </summary>
    long FenceBase => 0;

    /// <summary>A revision at or above that of every commit that was reported to any client, on any node, before this call.</summary>
    /// <returns>The revision; null if the place that knows it cannot be reached.</returns>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<long?> BarrierAsync(CancellationToken cancellationToken);
}
