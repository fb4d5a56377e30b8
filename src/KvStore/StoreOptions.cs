namespace KvStore;

/// <summary>The limits of a <see cref="Store"/>: one for everything in it that can grow.</summary>
public sealed record StoreOptions
{
    /// <summary>The least <see cref="MemoryBytesMax"/> of which every account gets a workable share.</summary>
    public const long MemoryBytesMin = 64 << 20;

    // Stands for a bound that is not given, so that it follows MemoryBytesMax.
    private const long Share = long.MinValue;

    /// <summary>
    /// The heap bytes that the runtime may use: <c>DOTNET_GCHeapHardLimit</c>, or by default three quarters of the container's limit; without one,
    /// the memory of the machine.
    /// </summary>
    public static long AvailableBytes { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>
    /// Heap bytes that all accounts of a <see cref="MemoryBudget"/> may have together. Default: two thirds of <see cref="AvailableBytes"/>, in whole MiB,
    /// at least <see cref="MemoryBytesMin"/>. The rest is for what the collector has not freed yet, and for requests at work.
    /// </summary>
    public long MemoryBytesMax { get; init; } = Math.Max(MemoryBytesMin, AvailableBytes / 3 * 2 >> 20 << 20);

    /// <summary>
    /// Heap bytes of the latest entries, with the index. Default: what the other accounts leave of <see cref="MemoryBytesMax"/>. A transaction that grows
    /// beyond it is <see cref="NotAppliedReason.MemoryFull"/>; deletions and smaller values pass.
    /// </summary>
    public long EntriesBytesMax { get => field == Share ? MemoryBytesMax - OtherBytesMax : field; init; } = Share;

    /// <summary>Heap bytes of old snapshots. Default: a sixteenth of <see cref="MemoryBytesMax"/>, 4 to 256 MiB.</summary>
    public long SnapshotsBytesMax { get => field == Share ? ShareOf(16, 4 << 20, 256 << 20) : field; init; } = Share;

    /// <summary>Heap bytes of bodies of requests that are being read. Default: a sixteenth of <see cref="MemoryBytesMax"/>, 16 to 256 MiB.</summary>
    public long BodiesBytesMax { get => field == Share ? ShareOf(16, 16 << 20, 256 << 20) : field; init; } = Share;

    /// <summary>Heap bytes of answers that clients have not taken yet. Default: a sixteenth of <see cref="MemoryBytesMax"/>, 4 to 256 MiB.</summary>
    public long AnswersBytesMax { get => field == Share ? ShareOf(16, 4 << 20, 256 << 20) : field; init; } = Share;

    /// <summary>Heap bytes of events that watchers have not taken yet. Default: a thirty-second of <see cref="MemoryBytesMax"/>, 4 to 256 MiB. Beyond it watchers do not share encodings, and <see cref="Watcher.TryHold"/> is false.</summary>
    public long WatchesBytesMax { get => field == Share ? ShareOf(32, 4 << 20, 256 << 20) : field; init; } = Share;

    /// <summary>Heap bytes of idempotency records. Default: a sixteenth of <see cref="MemoryBytesMax"/>, 4 to 512 MiB. Above nine tenths the oldest are deleted before their lifetime ends; beyond it a transaction with a record is <see cref="NotAppliedReason.Overloaded"/>.</summary>
    public long IdempotencyBytesMax { get => field == Share ? ShareOf(16, 4 << 20, 512 << 20) : field; init; } = Share;

    /// <summary>Heap bytes of imports and exports. Default: a thirty-second of <see cref="MemoryBytesMax"/>, 8 to 128 MiB.</summary>
    public long TransfersBytesMax { get => field == Share ? ShareOf(32, 8 << 20, 128 << 20) : field; init; } = Share;

    /// <summary>Bytes of connections and their buffers. Default: a seventh of <see cref="MemoryBytesMax"/>, 4 to 512 MiB.</summary>
    public long ConnectionsBytesMax { get => field == Share ? ShareOf(7, 4 << 20, 512 << 20) : field; init; } = Share;

    /// <summary>Heap bytes of mergeable values that are kept decoded. Default: a sixty-fourth of <see cref="MemoryBytesMax"/>, 1 to 256 MiB. Beyond it the least recently used are decoded anew when they are needed.</summary>
    public long CrdtBytesMax { get => field == Share ? ShareOf(64, 1 << 20, 256 << 20) : field; init; } = Share;

    /// <summary>Transactions in the queue. Default 16,384. Beyond it a transaction is <see cref="NotAppliedReason.QueueFull"/>.</summary>
    public int QueueOperationsMax { get; init; } = 16_384;

    /// <summary>Heap bytes that transactions without an outcome hold and will produce. Default: a sixteenth of <see cref="MemoryBytesMax"/>, 8 to 64 MiB. Beyond it a transaction is <see cref="NotAppliedReason.QueueFull"/>.</summary>
    public long QueueBytesMax { get => field == Share ? ShareOf(16, 8 << 20, 64 << 20) : field; init; } = Share;

    /// <summary>Transactions of a batch, besides one of the store's own. Default 512. More wait for the next batch.</summary>
    public int BatchOperationsMax { get; init; } = 512;

    /// <summary>
    /// Bytes that a batch writes to the log, where other work counts as the bytes that could be written in its time. Default 4 MiB: puts of 512 KiB were as
    /// fast with it as with 32 MiB, and others waited 110 ms beside them (p99) instead of 187. More wait for the next batch; a transaction of more than a
    /// quarter of it is a batch of its own.
    /// </summary>
    public long BatchBytesMax { get; init; } = 4 << 20;

    /// <summary>
    /// The longest that a transaction waits in the queue. Default 1 second. One that has waited longer is <see cref="NotAppliedReason.WaitedTooLong"/>; one
    /// that would, by what is queued, is <see cref="NotAppliedReason.QueueFull"/>.
    /// </summary>
    public TimeSpan QueueWaitMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest that a linearizable read waits for its barrier, and for the snapshot to reach it. Default 5 seconds. Then <see cref="Store.ReadAsync"/> has no
    /// snapshot. Only a log that keeps its commits elsewhere can make a read wait.
    /// </summary>
    public TimeSpan ReadWaitMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest that a transaction that the log has committed waits until the log has also passed its commit to the store. Default 5 seconds. Then its outcome is
    /// <see cref="Outcome.Unknown"/>. Only a log that keeps its commits elsewhere can make it wait.
    /// </summary>
    public TimeSpan DeliveryWaitMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Bytes of values that the operations of one transaction move. Default 8 MiB, as much as a client could send with it. Beyond it a transaction of several
    /// operations is <see cref="RejectionReason.TransactionTooLarge"/>.
    /// </summary>
    public long MovedBytesMax { get; init; } = 8 << 20;

    /// <summary>Commits that are retained for reads at a revision and for watchers. Default 65,536. The oldest is dropped first.</summary>
    public int HistoryCommitsMax { get; init; } = 65_536;

    /// <summary>Heap bytes of recent commits, with the entries that they replaced. Default: a sixteenth of <see cref="MemoryBytesMax"/>, 4 to 64 MiB. The oldest commit is dropped first, but none before watchers were notified of it.</summary>
    public long HistoryBytesMax { get => field == Share ? ShareOf(16, 4 << 20, 64 << 20) : field; init; } = Share;

    /// <summary>The age at which a commit is dropped from the history, checked at each commit. Default 1 hour.</summary>
    public TimeSpan HistoryAgeMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Old snapshots that are retained for readers that come back to them. Default 64. The least recently used is dropped first; at <see cref="SnapshotsBytesMax"/> the oldest.</summary>
    public int KeptSnapshotsMax { get; init; } = 64;

    /// <summary>How long a retained snapshot stays after its last use. Default 5 minutes.</summary>
    public TimeSpan KeptSnapshotAgeMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Reads that take much time or memory and may run at one time: those that make an old revision from the history. Default 2. More wait for
    /// <see cref="ExpensiveReadWaitMax"/>.
    /// </summary>
    public int ExpensiveReadsMax { get; init; } = 2;

    /// <summary>Expensive reads that may wait. Default 64. One more is rejected at once.</summary>
    public int ExpensiveReadsWaitingMax { get; init; } = 64;

    /// <summary>How long an expensive read may wait. Default 5 seconds. Then it is rejected.</summary>
    public TimeSpan ExpensiveReadWaitMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The interval of the expiry sweep. Default 250 ms. An entry is normally deleted within this time after its expiry, later when very many are due, and never before it.</summary>
    public TimeSpan ExpiryInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Watchers at one time. Default 10,000. Beyond it <see cref="Store.TryWatch"/> returns null.</summary>
    public int WatchersMax { get; init; } = 10_000;

    /// <summary>
    /// The longest that a change waits for a watcher's wake slot. Default 250 ms. A slot takes 80 microseconds per notified watcher, so
    /// 1,000 watchers of everything get the commits of 80 ms at once. More watchers share the longest wait in shorter slots.
    /// </summary>
    public TimeSpan WatchRestMax { get; init; } = TimeSpan.FromMilliseconds(250);

    private long OtherBytesMax =>
        HistoryBytesMax + SnapshotsBytesMax + QueueBytesMax + BodiesBytesMax + AnswersBytesMax + WatchesBytesMax + IdempotencyBytesMax + TransfersBytesMax + ConnectionsBytesMax + CrdtBytesMax;

    /// <summary>Checks the limits.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below its minimum, or the bounds of the accounts exceed <see cref="MemoryBytesMax"/> together.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MemoryBytesMax, MemoryBytesMin);
        ArgumentOutOfRangeException.ThrowIfNegative(EntriesBytesMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(EntriesBytesMax, MemoryBytesMax - OtherBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(SnapshotsBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(BodiesBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(AnswersBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(WatchesBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(IdempotencyBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(TransfersBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(ConnectionsBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(CrdtBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueOperationsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchOperationsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueWaitMax, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(ReadWaitMax, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(DeliveryWaitMax, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfNegative(MovedBytesMax);
        ArgumentOutOfRangeException.ThrowIfNegative(HistoryCommitsMax);
        ArgumentOutOfRangeException.ThrowIfNegative(HistoryBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(HistoryAgeMax, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(KeptSnapshotsMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(KeptSnapshotAgeMax, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ExpensiveReadsMax, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(ExpensiveReadsWaitingMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(ExpensiveReadWaitMax, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ExpiryInterval, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfNegative(WatchersMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(WatchRestMax, TimeSpan.Zero);
    }

    private long ShareOf(int parts, long min, long max) => Math.Clamp(MemoryBytesMax / parts >> 20 << 20, min, max);
}
