namespace KvStore.Tests;

public class KeptSnapshotsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Find_Kept_IsTheVerySnapshotAndOnlyOfThatRevision()
    {
        var kept = new RetainedSnapshots(new StoreOptions(), _time);
        var snapshot = Snapshot(5);
        kept.Retain(snapshot);

        Assert.Same(snapshot, kept.Find(5));
        Assert.Null(kept.Find(4));
        Assert.Null(kept.Find(6));
    }

    [Fact]
    public void Keep_OneMoreThanTheLimit_LetsTheLeastRecentlyUsedGo()
    {
        var kept = new RetainedSnapshots(new StoreOptions { KeptSnapshotsMax = 2 }, _time);
        kept.Retain(Snapshot(1));
        kept.Retain(Snapshot(2));
        Assert.NotNull(kept.Find(1));
        kept.Retain(Snapshot(3));

        Assert.Null(kept.Find(2));
        Assert.NotNull(kept.Find(1));
        Assert.NotNull(kept.Find(3));
    }

    [Fact]
    public void Keep_TheSameRevisionAgain_TakesOnePlace()
    {
        var kept = new RetainedSnapshots(new StoreOptions { KeptSnapshotsMax = 2 }, _time);
        kept.Retain(Snapshot(1));
        kept.Retain(Snapshot(2));
        kept.Retain(Snapshot(2));

        Assert.NotNull(kept.Find(1));
    }

    [Fact]
    public void Find_NotUsedForTheAgeLimit_IsGone_UsedMeanwhile_Stays()
    {
        var kept = new RetainedSnapshots(new StoreOptions { KeptSnapshotAgeMax = TimeSpan.FromSeconds(10) }, _time);
        kept.Retain(Snapshot(1));
        kept.Retain(Snapshot(2));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.NotNull(kept.Find(1));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(kept.Find(2));
        Assert.NotNull(kept.Find(1));
    }

    [Fact]
    public void Clear_Then_Find_FindsNothing()
    {
        var kept = new RetainedSnapshots(new StoreOptions(), _time);
        kept.Retain(Snapshot(1));
        kept.Clear();

        Assert.Null(kept.Find(1));
    }

    [Fact]
    public void Keep_NoneMayBeKept_KeepsNone()
    {
        var kept = new RetainedSnapshots(new StoreOptions { KeptSnapshotsMax = 0 }, _time);
        kept.Retain(Snapshot(1));

        Assert.Null(kept.Find(1));
    }

    private static Snapshot Snapshot(long revision) => new(revision, OrderedIndex.Empty, 0);
}
