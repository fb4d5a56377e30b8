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
        public ReadOnlySpan<EntryChange> Changes => Commit is null ? [] : Commit.Changes;

        /// <summary>What was read, in the order of the operation's reads.</summary>
        public ImmutableArray<Entry?> Reads { get; init; } = [];
    }

    /// <summary>At least one guard did not hold; nothing was changed.</summary>
    /// <param name="Revision">The revision of the state that the guards were held against.</param>
    /// <param name="Failed">Every guard that did not hold.</param>
    public sealed record GuardsFailed(long Revision, ImmutableArray<FailedGuard> Failed) : Outcome;

    /// <summary>A change could not be done with what it met; nothing was changed.</summary>
    /// <param name="Revision">The revision of the state that was met.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Current">The entry that is in the way, or null.</param>
    public sealed record Rejected(long Revision, RejectionReason Reason, Entry? Current) : Outcome;

    /// <summary>The same operation was carried out before; nothing was changed this time.</summary>
    /// <param name="Revision">The revision of the state that was met.</param>
    /// <param name="Answer">What was remembered of the first time.</param>
    public sealed record Replayed(long Revision, ReadOnlyMemory<byte> Answer) : Outcome;

    /// <summary>The idempotency key belongs to another operation; nothing was changed.</summary>
    /// <param name="Revision">The revision of the state that was met.</param>
    public sealed record IdempotencyKeyReused(long Revision) : Outcome;

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

/// <summary>Why a change cannot be done with what it meets.</summary>
public enum RejectionReason
{
    /// <summary>The value is not a number of 64 bits in decimal text.</summary>
    NotANumber,

    /// <summary>The sum does not fit into 64 bits.</summary>
    Overflow,

    /// <summary>The value is not JSON of at most 64 levels.</summary>
    NotJson,

    /// <summary>The new value, or the answer that is to be remembered, would have more bytes than is allowed.</summary>
    TooLarge,

    /// <summary>It is about more entries than may be changed together.</summary>
    TooMany,
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
