namespace KvStore;

/// <summary>A limit on everything in a <see cref="Store"/> that can grow.</summary>
public sealed record StoreOptions
{
    /// <summary>Operations that may wait for the owner loop. Default 16,384. One more is refused with <see cref="NotAppliedReason.QueueFull"/>.</summary>
    public int QueueOperationsMax { get; init; } = 16_384;

    /// <summary>Bytes of keys and values of operations that wait or are being committed. Default 64 MiB. At the limit an operation is refused with <see cref="NotAppliedReason.QueueFull"/>.</summary>
    public long QueueBytesMax { get; init; } = 64 << 20;

    /// <summary>Operations that are committed together at most. Default 512. More wait for the next batch.</summary>
    public int BatchOperationsMax { get; init; } = 512;

    /// <summary>Commits that are remembered for reads at a revision. Default 65,536. The oldest is forgotten first.</summary>
    public int HistoryCommitsMax { get; init; } = 65_536;

    /// <summary>Bytes of keys and values that only remembered commits keep alive. Default 64 MiB. The oldest commit is forgotten first, but none before watchers were told of it.</summary>
    public long HistoryBytesMax { get; init; } = 64 << 20;

    /// <summary>How long a commit is remembered at most, checked when the next one comes. Default 1 hour.</summary>
    public TimeSpan HistoryAgeMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Old snapshots that are kept for readers who come back to them. Default 64. The one that was not used for longest goes first.</summary>
    public int KeptSnapshotsMax { get; init; } = 64;

    /// <summary>How long a kept snapshot stays after its last use. Default 5 minutes.</summary>
    public TimeSpan KeptSnapshotAgeMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often entries are looked for whose time has come. Default 250 ms. An entry is deleted this much after its time at the latest, and never before.</summary>
    public TimeSpan ExpiryInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Answers that are remembered for idempotency keys. Default 1,000,000. The oldest is forgotten first, though its time has not come.</summary>
    public int IdempotencyRecordsMax { get; init; } = 1_000_000;

    /// <summary>Watchers at one time. Default 10,000. One more is refused.</summary>
    public int WatchersMax { get; init; } = 10_000;

    /// <summary>
    /// How long commits may gather before a watcher is told of them. Default 250 ms. They gather only when many watchers are told:
    /// these take turns, 80 microseconds for each. So when 1,000 of them hear of everything, each gets what comes within 80 ms in one go.
    /// </summary>
    public TimeSpan WatchRestMax { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Refuses limits that a store cannot work with.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit on the queue or on batches is below 1, or one on what is kept is below 0.</exception>
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
