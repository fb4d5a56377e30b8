namespace KvStore.Tests;

public class RetainedSnapshotsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Find_Retained_IsTheSameSnapshot()
    {
        var retained = NewRetained(new StoreOptions());
        var snapshot = Snapshot(5);
        retained.Retain(snapshot);

        Assert.Same(snapshot, retained.Find(5));
        Assert.Null(retained.Find(4));
        Assert.Null(retained.Find(6));
    }

    [Fact]
    public void Retain_OverLimit_ReleasesLeastRecentlyUsed()
    {
        var retained = NewRetained(new StoreOptions { KeptSnapshotsMax = 2 });
        retained.Retain(Snapshot(1));
        retained.Retain(Snapshot(2));
        Assert.NotNull(retained.Find(1));
        retained.Retain(Snapshot(3));

        Assert.Null(retained.Find(2));
        Assert.NotNull(retained.Find(1));
        Assert.NotNull(retained.Find(3));
    }

    [Fact]
    public void Retain_SameRevision_TakesOnePlace()
    {
        var retained = NewRetained(new StoreOptions { KeptSnapshotsMax = 2 });
        retained.Retain(Snapshot(1));
        retained.Retain(Snapshot(2));
        retained.Retain(Snapshot(2));

        Assert.NotNull(retained.Find(1));
    }

    [Fact]
    public void Find_UnusedBeyondAgeLimit_IsNull()
    {
        var retained = NewRetained(new StoreOptions { KeptSnapshotAgeMax = TimeSpan.FromSeconds(10) });
        retained.Retain(Snapshot(1));
        retained.Retain(Snapshot(2));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.NotNull(retained.Find(1));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(retained.Find(2));
        Assert.NotNull(retained.Find(1));
    }

    [Fact]
    public void Clear_Find_IsNull()
    {
        var retained = NewRetained(new StoreOptions());
        retained.Retain(Snapshot(1));
        retained.Clear();

        Assert.Null(retained.Find(1));
    }

    [Fact]
    public void Retain_LimitIsZero_RetainsNone()
    {
        var retained = NewRetained(new StoreOptions { KeptSnapshotsMax = 0 });
        retained.Retain(Snapshot(1));

        Assert.Null(retained.Find(1));
    }

    [Fact]
    public void Timer_UnusedBeyondAgeLimit_ReleasesWithoutACall()
    {
        var retained = NewRetained(new StoreOptions { KeptSnapshotAgeMax = TimeSpan.FromSeconds(10) });
        retained.Retain(Snapshot(1));
        _time.Advance(TimeSpan.FromSeconds(6));
        retained.Retain(Snapshot(2));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, retained.Count);

        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(0, retained.Count);
    }

    private RetainedSnapshots NewRetained(StoreOptions options)
    {
        var account = new MemoryAccount("snapshots", 1 << 20);
        return new RetainedSnapshots(new SnapshotHolds(account), account, options, _time);
    }

    private static Snapshot Snapshot(long revision) => new(revision, OrderedIndex.Empty, default);
}
