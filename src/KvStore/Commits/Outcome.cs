using System.Collections.Immutable;

namespace KvStore;

/// <summary>What became of an operation. One of the nested types.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>The operation was committed and every read that starts now sees it.</summary>
    /// <param name="Revision">The revision of the commit; of the state that was met, if nothing was left to change.</param>
    /// <param name="Commit">This operation's part of what was committed at the revision; null if nothing was left to change.</param>
    public sealed record Committed(long Revision, Commit? Commit) : Outcome
    {
        /// <summary>What the operation did, in the order of its changes; a delete of an absent key is left out.</summary>
        public ReadOnlySpan<CommittedChange> Changes => Commit is null ? [] : Commit.Changes;
    }

    /// <summary>At least one guard did not hold; nothing was changed.</summary>
    /// <param name="Revision">The revision of the state that the guards were held against.</param>
    /// <param name="Failed">Every guard that did not hold.</param>
    public sealed record GuardsFailed(long Revision, ImmutableArray<FailedGuard> Failed) : Outcome;

    /// <summary>The operation was not admitted, or could not be made durable. It was not applied and never will be.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NotApplied(NotAppliedReason Reason) : Outcome;

    /// <summary>It cannot be told whether the operation was committed.</summary>
    public sealed record Unknown : Outcome
    {
        /// <summary>The only instance.</summary>
        public static Unknown Instance { get; } = new();
    }
}

/// <summary>Why an operation was not applied.</summary>
public enum NotAppliedReason
{
    /// <summary>The queue holds as many operations or bytes as it may. Trying again a little later is safe.</summary>
    QueueFull,

    /// <summary>The store has not finished loading.</summary>
    Loading,

    /// <summary>The store is stopping or has stopped.</summary>
    Stopping,

    /// <summary>The store has failed and admits nothing any more.</summary>
    Failed,

    /// <summary>There is no room to make it durable. Trying again is safe, and succeeds when there is room.</summary>
    NoSpace,

    /// <summary>The commit log has met an error of its medium and takes nothing any more. Reads go on; somebody must act.</summary>
    LogClosed,
}
