namespace KvStore.Tests;

public sealed class StoreOptionsTests
{
    public static TheoryData<StoreOptions> Unworkable => new(
        new StoreOptions { QueueOperationsMax = 0 },
        new StoreOptions { QueueBytesMax = 0 },
        new StoreOptions { MemoryBytesMax = StoreOptions.MemoryBytesMin - 1 },
        new StoreOptions { MemoryBytesMax = 1 << 30, EntriesBytesMax = 1 << 30 },
        new StoreOptions { MemoryBytesMax = 1 << 30, SnapshotsBytesMax = 1 << 30 },
        new StoreOptions { EntriesBytesMax = -1 },
        new StoreOptions { BodiesBytesMax = -1 },
        new StoreOptions { BatchOperationsMax = 0 },
        new StoreOptions { HistoryCommitsMax = -1 },
        new StoreOptions { HistoryBytesMax = -1 },
        new StoreOptions { HistoryAgeMax = TimeSpan.FromTicks(-1) },
        new StoreOptions { KeptSnapshotsMax = -1 },
        new StoreOptions { KeptSnapshotAgeMax = TimeSpan.FromTicks(-1) });

    [Theory]
    [MemberData(nameof(Unworkable))]
    public void Store_InvalidLimit_Throws(StoreOptions options) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Store(new MemoryCommitLog(TimeProvider.System), options, TimeProvider.System));
}
