namespace KvStore;

/// <summary>What a commit log that keeps its commits elsewhere knows of that place. Read at any time, from the start of <see cref="ICommitLog.FollowAsync"/>.</summary>
/// <param name="StateAge">
/// How old the follower's state may be: the time since it was last known to have every commit. The log keeps it small while the place answers, on an idle
/// store too. Before the base image, the time since the start.
/// </param>
/// <param name="UnreachableSince">Since when the place has not answered; null while it does.</param>
/// <param name="NotReadyReason">
/// A sentence that says why other replicas should get the requests although the place answers, such as that this one loads its state again; null if this one may.
/// </param>
public readonly record struct CommitLogConnection(TimeSpan StateAge, DateTimeOffset? UnreachableSince, string? NotReadyReason);
