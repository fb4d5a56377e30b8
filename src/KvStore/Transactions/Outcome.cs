namespace KvStore;

/// <summary>What became of a transaction. One of the nested types.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>The transaction is committed, and every read that starts now sees it.</summary>
    public sealed record Committed : Outcome
    {
        private readonly OperationResult _only;
        private readonly OperationResult[]? _results;

        /// <summary>A transaction of one operation.</summary>
        internal Committed(long revision, Commit? commit, OperationResult only) => (Revision, Commit, _only) = (revision, commit, only);

        /// <summary>A transaction of any number of operations. The array belongs to the outcome from now on.</summary>
        internal Committed(long revision, Commit? commit, OperationResult[] results) => (Revision, Commit, _results) = (revision, commit, results);

        /// <summary>The revision of the commit; that of the state it was evaluated against, if there was nothing to change.</summary>
        public long Revision { get; }

        /// <summary>What was committed, without records of the store's own; null if there was nothing to change, or after a replay.</summary>
        public Commit? Commit { get; }

        /// <summary>What each operation did, in the transaction's order.</summary>
        public ReadOnlySpan<OperationResult> Results => _results ?? new ReadOnlySpan<OperationResult>(in _only);
    }

    /// <summary>At least one guard failed; nothing was changed.</summary>
    /// <param name="Revision">The revision of the state that the guards were evaluated against.</param>
    /// <param name="Failed">Every guard that failed.</param>
    public sealed record GuardsFailed(long Revision, ImmutableArray<FailedGuard> Failed) : Outcome;

    /// <summary>The transaction cannot be committed in the current state; nothing was changed.</summary>
    /// <param name="Revision">The revision of that state.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Current">The entry that is in the way, or null.</param>
    public sealed record Rejected(long Revision, RejectionReason Reason, Entry? Current) : Outcome;

    /// <summary>The same transaction was committed before; nothing was changed this time.</summary>
    /// <param name="Revision">The revision of the current state.</param>
    /// <param name="Record">The idempotency record. It belongs to the store.</param>
    public sealed record Replayed(long Revision, ReadOnlyMemory<byte> Record) : Outcome
    {
        /// <summary>The first commit, as far as its record has it. Parsed at each call, so that a large one does not delay the log's thread.</summary>
        public Committed Original => IdempotencyRecord.Parse(Record);
    }

    /// <summary>The idempotency key belongs to another transaction; nothing was changed.</summary>
    /// <param name="Revision">The revision of the current state.</param>
    public sealed record IdempotencyKeyReused(long Revision) : Outcome;

    /// <summary>Not admitted, or not made durable. This submission changed nothing; an earlier one with the same idempotency key may have been committed.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NotApplied(NotAppliedReason Reason) : Outcome
    {
        /// <summary>After which time another try is likely to be admitted, as far as that is known; else zero.</summary>
        public TimeSpan RetryAfter { get; init; }
    }

    /// <summary>What became of a transaction that was not submitted as it is, because more than the store has to do with it. Who decides on it derives from this.</summary>
    public abstract record Other : Outcome;

    /// <summary>It is unknown whether the transaction was committed.</summary>
    public sealed record Unknown : Outcome
    {
        /// <summary>The only instance.</summary>
        public static Unknown Instance { get; } = new();
    }
}

/// <summary>Why a transaction cannot be committed although every guard passes.</summary>
public enum RejectionReason
{
    /// <summary>The value is not a 64-bit number in decimal text.</summary>
    NotANumber,

    /// <summary>The sum does not fit into 64 bits.</summary>
    Overflow,

    /// <summary>The value is not JSON of at most 64 levels.</summary>
    NotJson,

    /// <summary>The key has a mergeable value, or would get one: only the operations of mergeable values write these.</summary>
    MergeableValue,

    /// <summary>The value of the key is not a mergeable one.</summary>
    NotMergeable,

    /// <summary>The entry is not the one that the operation was made for: there is none, another one, or its value has changed.</summary>
    Conflict,

    /// <summary>The new value would exceed its limit.</summary>
    TooLarge,

    /// <summary>The idempotency record would exceed its limit.</summary>
    RecordTooLarge,

    /// <summary>The operation would delete more entries than are allowed at once.</summary>
    TooMany,

    /// <summary>The transaction takes more memory than the whole queue has, or moves more bytes than are allowed at once.</summary>
    TransactionTooLarge,

    /// <summary>A key belongs to an origin that its entries come from, and that refuses writes of clients.</summary>
    OriginRefusesWrites,

    /// <summary>A key belongs to an origin, which decides how long its entries stay: the operation would set an expiry.</summary>
    OriginDecidesExpiry,

    /// <summary>The operation chooses its keys in the commit, below an origin that has to get each key that is written.</summary>
    OriginNeedsKeys,

    /// <summary>Too many writes, or too old ones, have yet to reach the origin of a key.</summary>
    OriginOutboxFull,

    /// <summary>A key belongs to an origin that gets every write before the store has it: one key at a time, and in no other way.</summary>
    OriginTakesSingleWrites,

    /// <summary>A large value that a merge patch was prepared for has been replaced. The store prepares the patch again; callers do not see this.</summary>
    Unprepared,
}

/// <summary>Why a transaction was not applied.</summary>
public enum NotAppliedReason
{
    /// <summary>
    /// The queue is at its limit of transactions or bytes, or so long that the transaction would wait too long in it. It is safe to try again a little later.
    /// </summary>
    QueueFull,

    /// <summary>The store is still loading.</summary>
    Loading,

    /// <summary>The store is stopping or has stopped.</summary>
    Stopping,

    /// <summary>The store has failed and admits nothing any more.</summary>
    Failed,

    /// <summary>There is no space to make it durable. It is safe to try again; that succeeds when there is space.</summary>
    NoSpace,

    /// <summary>The commit log failed and takes no more commits. Reads continue; the operator must act.</summary>
    LogClosed,

    /// <summary>The entries are at their bound of memory, and the transaction would add to them. Others, such as deletions, are still applied.</summary>
    MemoryFull,

    /// <summary>The transaction has waited in the queue for longer than is allowed, and was rejected before its work. It is safe to try again a little later.</summary>
    WaitedTooLong,

    /// <summary>What the transaction needs besides entries is at its bound of memory. It is safe to try again a little later.</summary>
    Overloaded,

    /// <summary>The place that keeps the commits cannot be reached, and it is certain that it does not have this one. It is safe to try again a little later.</summary>
    Unreachable,

    /// <summary>The place that keeps the commits refuses a request of this size, however it is divided. The operator must raise its limit.</summary>
    RequestTooLarge,
}
