using System.Runtime.CompilerServices;

namespace KvStore.Tests;

public class HistoryTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void CommitsBetween_Bounds_AreExclusiveAndInclusive()
    {
        var history = Make(new StoreOptions(), 2, 3, 5, 9);

        Assert.Equal([2, 3, 5, 9], Revisions(history.CommitsBetween(0, 100)));
        Assert.Equal([3, 5], Revisions(history.CommitsBetween(2, 5)));
        Assert.Equal([5], Revisions(history.CommitsBetween(4, 8)));
        Assert.Equal([5, 9], Revisions(history.CommitsBetween(4, 9)));
        Assert.Equal([], Revisions(history.CommitsBetween(9, 9)));
        Assert.Equal([], Revisions(history.CommitsBetween(5, 8)));
        Assert.Null(history.CommitsBetween(-1, 9));
    }

    [Fact]
    public void Add_OverCommitsLimit_ForgetsOldest()
    {
        var history = Make(new StoreOptions { HistoryCommitsMax = 3 }, 2, 3, 5, 9);

        Assert.Equal(2, history.OldestRevision);
        Assert.Null(history.CommitsBetween(1, 9));
        Assert.Equal([3, 5, 9], Revisions(history.CommitsBetween(2, 9)));
    }

    [Fact]
    public void Add_CommitsLimitIsZero_ForgetsAtOnce()
    {
        var history = Make(new StoreOptions { HistoryCommitsMax = 0 }, 2, 3);

        Assert.Equal(3, history.OldestRevision);
        Assert.Equal([], Revisions(history.CommitsBetween(3, 3)));
        Assert.Null(history.CommitsBetween(2, 3));
    }

    [Fact]
    public void Add_CommitOverBytesLimit_ForgetsOnlyIt()
    {
        var history = Make(new StoreOptions { HistoryBytesMax = Commit(1, previousBytes: 100).Changes[0].Previous!.Value.HeapBytes }, 1);
        history.Add([Commit(2, previousBytes: 200)]);
        Assert.Equal(2, history.OldestRevision);

        history.Add([Commit(3, previousBytes: 100)]);
        Assert.Equal([3], Revisions(history.CommitsBetween(2, 3)));
        history.Add([Commit(4, previousBytes: 1)]);
        Assert.Equal(3, history.OldestRevision);
        Assert.Equal([4], Revisions(history.CommitsBetween(3, 4)));
    }

    [Fact]
    public void Pin_OverBytesLimit_RetainsUntilMovedOrReleased()
    {
        var history = Make(new StoreOptions { HistoryBytesMax = 0 }, 1);
        using var pin = history.Pin(after: 1);
        history.Add([Commit(2), Commit(3)]);
        Assert.Equal(1, history.OldestRevision);
        Assert.Equal([2, 3], Revisions(history.CommitsBetween(1, 3)));

        pin.RetainedAfter = 2;
        history.Add([Commit(4)]);
        Assert.Equal(2, history.OldestRevision);

        pin.Dispose();
        pin.Dispose();
        history.Add([Commit(5)]);
        Assert.Equal(5, history.OldestRevision);
    }

    [Fact]
    public void Pin_Several_FurthestBehindCounts()
    {
        var history = Make(new StoreOptions { HistoryBytesMax = 0 }, 1, 2);
        using var behind = history.Pin(after: 2);
        using var ahead = history.Pin(after: 3);
        history.Add([Commit(3), Commit(4)]);
        Assert.Equal(2, history.OldestRevision);

        behind.Dispose();
        history.Add([Commit(5)]);
        Assert.Equal(3, history.OldestRevision);
    }

    [Fact]
    public void Pin_OverOtherLimits_RetainsNothing()
    {
        var history = Make(new StoreOptions { HistoryCommitsMax = 1, HistoryAgeMax = TimeSpan.FromSeconds(1) });
        using var pin = history.Pin(after: 0);
        history.Add([Commit(1), Commit(2)]);
        Assert.Equal(1, history.OldestRevision);

        _time.Advance(TimeSpan.FromSeconds(2));
        history.Add([Commit(3)]);
        Assert.Equal(2, history.OldestRevision);
    }

    [Fact]
    public void Add_OverAgeLimit_ForgetsOlder()
    {
        var history = Make(new StoreOptions { HistoryAgeMax = TimeSpan.FromSeconds(10) }, 1, 2);
        _time.Advance(TimeSpan.FromSeconds(10));
        history.Add([Commit(3)]);
        Assert.Equal(0, history.OldestRevision);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        history.Add([Commit(4)]);
        Assert.Equal(2, history.OldestRevision);
        Assert.Equal([3, 4], Revisions(history.CommitsBetween(2, 4)));
    }

    [Fact]
    public void Reset_ThenAdd_StartsAtRevision()
    {
        var history = Make(new StoreOptions { HistoryCommitsMax = 2 }, 1, 2, 3);
        history.Reset(10);
        Assert.Equal(10, history.OldestRevision);
        Assert.Null(history.CommitsBetween(9, 10));

        history.Add([Commit(12)]);
        history.Add([Commit(13)]);
        Assert.Equal([12, 13], Revisions(history.CommitsBetween(10, 13)));
        history.Add([Commit(14)]);
        Assert.Equal(12, history.OldestRevision);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, HistoryChunk.CommitsMax)]
    [InlineData(1000, HistoryChunk.CommitsMax)]
    public void Add_CommitsForgotten_ChunksKeepFew(int commitsMax, int slack)
    {
        var history = new History(new StoreOptions { HistoryCommitsMax = commitsMax }, _time);
        var entries = AddTracked(history, 3000);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.InRange(entries.Count(entry => entry.IsAlive), commitsMax, commitsMax + slack);
        GC.KeepAlive(history);
    }

    [Fact]
    public void Add_LargeCommitsForgotten_ChunksKeepFewBytes()
    {
        var history = new History(new StoreOptions { HistoryBytesMax = 1 << 20 }, _time);
        var entries = AddTracked(history, 3000, previousBytes: 100_000);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.InRange(entries.Count(entry => entry.IsAlive) * 100_000, 900_000, 1_500_000);
        GC.KeepAlive(history);
    }

    // A method of its own, so that no local of the caller keeps a commit alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] AddTracked(History history, int count, int previousBytes = 1) =>
        [.. Enumerable.Range(1, count).Select(revision =>
        {
            var commit = Commit(revision, previousBytes);
            history.Add([commit]);
            return new WeakReference(commit.Changes[0].Previous!.Value.Encoded);
        })];

    [Fact]
    public async Task CommitsBetween_DuringAdds_IsGaplessOrNull()
    {
        const int Count = 200_000;
        var history = new History(new StoreOptions { HistoryCommitsMax = 50 }, _time);
        var last = 0L;
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var found = 0;
            for (var upTo = 0L; upTo < Count;)
            {
                upTo = Volatile.Read(ref last);
                var above = Math.Max(0, upTo - 40);
                if (history.CommitsBetween(above, upTo) is not { } commits)
                    continue;
                found++;
                Assert.Equal(upTo - above, commits.Count);
                for (var i = 0; i < commits.Count; i++)
                    Assert.Equal(above + 1 + i, commits[i].Revision);
            }

            return found;
        })).ToArray();

        for (var revision = 1L; revision <= Count; revision++)
        {
            history.Add([Commit(revision)]);
            Volatile.Write(ref last, revision);
        }

        Assert.All(await Task.WhenAll(readers).Within(), found => Assert.True(found > 0));
    }

    private History Make(StoreOptions options, params long[] revisions)
    {
        var history = new History(options, _time);
        foreach (var revision in revisions)
            history.Add([Commit(revision)]);
        return history;
    }

    private static IEnumerable<long>? Revisions(List<Commit>? commits) => commits?.Select(commit => commit.Revision);

    private static Commit Commit(long revision, int previousBytes = 1)
    {
        var previous = Entry.Create(Some.Key("k"), new byte[previousBytes - 1], "text/plain", 1, 1, 1, 0);
        return new Commit(revision, new EntryChange(previous, null));
    }
}
