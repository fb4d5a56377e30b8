namespace KvStore;

/// <summary>The limits of a <see cref="Store"/>: one for everything in it that can grow.</summary>
public sealed record StoreOptions
{
    /// <summary>Transactions in the queue. Default 16,384. Beyond it a transaction is <see cref="NotAppliedReason.QueueFull"/>.</summary>
    public int QueueOperationsMax { get; init; } = 16_384;

    /// <summary>Bytes of keys, values and guards of transactions that have no outcome yet. Default 64 MiB. Beyond it a transaction is <see cref="NotAppliedReason.QueueFull"/>.</summary>
    public long QueueBytesMax { get; init; } = 64 << 20;

    /// <summary>Transactions of a batch, besides one of the store's own. Default 512. More wait for the next batch.</summary>
    public int BatchOperationsMax { get; init; } = 512;

    /// <summary>Commits that are retained for reads at a revision and for watchers. Default 65,536. The oldest is dropped first.</summary>
    public int HistoryCommitsMax { get; init; } = 65_536;

    /// <summary>Bytes of keys and values that only the history keeps alive. Default 64 MiB. The oldest commit is dropped first, but none before watchers were notified of it.</summary>
    public long HistoryBytesMax { get; init; } = 64 << 20;

    /// <summary>The age at which a commit is dropped from the history, checked at each commit. Default 1 hour.</summary>
    public TimeSpan HistoryAgeMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Old snapshots that are retained for readers that come back to them. Default 64. The least recently used is dropped first.</summary>
    public int KeptSnapshotsMax { get; init; } = 64;

    /// <summary>How long a retained snapshot stays after its last use. Default 5 minutes.</summary>
    public TimeSpan KeptSnapshotAgeMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The interval of the expiry sweep. Default 250 ms. An entry is normally deleted within this time after its expiry, later when very many are due, and never before it.</summary>
    public TimeSpan ExpiryInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Idempotency records. Default 1,000,000. Beyond it the oldest is deleted before its lifetime ends.</summary>
    public int IdempotencyRecordsMax { get; init; } = 1_000_000;

    /// <summary>Watchers at one time. Default 10,000. Beyond it <see cref="Store.TryWatch"/> returns null.</summary>
    public int WatchersMax { get; init; } = 10_000;

    /// <summary>
    /// The longest that a change waits for a watcher's wake slot. Default 250 ms. A slot takes 80 microseconds per notified watcher, so
    /// 1,000 watchers of everything get the commits of 80 ms at once. More watchers share the longest wait in shorter slots.
    /// </summary>
    public TimeSpan WatchRestMax { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Checks the limits.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below its minimum.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueOperationsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchOperationsMax, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(HistoryCommitsMax);
        ArgumentOutOfRangeException.ThrowIfNegative(HistoryBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(HistoryAgeMax, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(KeptSnapshotsMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(KeptSnapshotAgeMax, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ExpiryInterval, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfNegative(IdempotencyRecordsMax);
        ArgumentOutOfRangeException.ThrowIfNegative(WatchersMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(WatchRestMax, TimeSpan.Zero);
    }
}
