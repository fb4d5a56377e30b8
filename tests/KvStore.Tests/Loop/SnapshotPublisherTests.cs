namespace KvStore.Tests;

public class SnapshotPublisherTests
{
    private readonly SnapshotPublisher _publisher = new(new StoreOptions(), new FakeTimeProvider());

    [Fact]
    public void Load_Image_ReplacesState()
    {
        _publisher.Load(5, [Entry("a", 3), Entry("b", 5)]);
        Assert.Equal((5, 2, 4), (_publisher.Latest.Revision, _publisher.Latest.Count, _publisher.Latest.Bytes));

        _publisher.Apply([Write("c", 7)]);
        _publisher.Load(20, [Entry("z", 11)]);

        Assert.Equal("z", Assert.Single(_publisher.Latest.Scan(Some.Everything)).Key.ToString());
        Assert.Equal((20, 2), (_publisher.Latest.Revision, _publisher.Latest.Bytes));
        Assert.Equal(20, _publisher.OldestRevision);
        Assert.Null(_publisher.FindSnapshot(7));
        Assert.Null(_publisher.FindSnapshot(19));
        Assert.Same(_publisher.Latest, _publisher.FindSnapshot(20));
    }

    [Fact]
    public void Load_SnapshotRetained_ReleasesIt()
    {
        _publisher.Load(5, [Entry("a", 3)]);
        _publisher.Retain(_publisher.Latest);
        _publisher.Load(20, []);

        Assert.Null(_publisher.FindSnapshot(5));
    }

    [Fact]
    public void Load_RevisionBelowLatest_Throws()
    {
        _publisher.Load(5, [Entry("a", 3)]);

        Assert.Throws<InvalidOperationException>(() => _publisher.Load(4, []));
        Assert.Equal(5, _publisher.Latest.Revision);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    public void Apply_RevisionNotAboveLatest_ThrowsWithoutPublishing(long revision)
    {
        _publisher.Load(5, []);
        var before = _publisher.Latest;

        Assert.Throws<InvalidOperationException>(() => _publisher.Apply([Write("a", revision)]));
        Assert.Throws<InvalidOperationException>(() => _publisher.Apply([Write("a", 6), Write("b", 6)]));
        Assert.Same(before, _publisher.Latest);
    }

    [Fact]
    public void Apply_CommitOnOtherState_ThrowsWithoutPublishing()
    {
        _publisher.Load(5, [Entry("a", 3)]);
        var before = _publisher.Latest;

        Assert.Throws<InvalidOperationException>(() => _publisher.Apply([Write("b", 6), Write("a", 7)]));
        Assert.Throws<InvalidOperationException>(() => _publisher.Apply([new Commit(6, [new EntryChange(Entry("x", 1), null)])]));
        Assert.Same(before, _publisher.Latest);
        Assert.Equal(5, _publisher.OldestRevision);
    }

    [Fact]
    public void At_RevisionBetweenCommits_IsEarlierState()
    {
        _publisher.Load(5, []);
        _publisher.Apply([Write("a", 10)]);
        _publisher.Apply([Write("b", 20), Write("c", 30)]);
        _publisher.Apply([Write("d", 40)]);

        Assert.Equal("", KeysAt(5));
        Assert.Equal("", KeysAt(9));
        Assert.Equal("a", KeysAt(10));
        Assert.Equal("a", KeysAt(19));
        Assert.Equal("ab", KeysAt(20));
        Assert.Equal("abc", KeysAt(30));
        Assert.Equal("abc", KeysAt(39));
        Assert.Equal("abcd", KeysAt(40));
        Assert.Null(_publisher.FindSnapshot(41));
        Assert.Null(_publisher.FindSnapshot(4));
        Assert.Null(_publisher.FindSnapshot(-1));
        Assert.Equal(19, _publisher.FindSnapshot(19)!.Revision);
    }

    [Fact]
    public void At_AgainWithoutHistory_IsSameSnapshot()
    {
        var publisher = new SnapshotPublisher(new StoreOptions { HistoryCommitsMax = 1 }, new FakeTimeProvider());
        publisher.Apply([Write("a", 1)]);
        publisher.Apply([Write("b", 2)]);
        var old = publisher.FindSnapshot(1);
        publisher.Apply([Write("c", 3)]);
        publisher.Apply([Write("d", 4)]);

        Assert.Equal(3, publisher.OldestRevision);
        Assert.NotNull(old);
        Assert.Same(old, publisher.FindSnapshot(1));
        Assert.Null(publisher.FindSnapshot(2));
    }

    [Fact]
    public async Task WaitForRevisionAsync_Reached_IsLatestAtOnce()
    {
        _publisher.Load(5, []);

        var reach = _publisher.WaitForRevisionAsync(5, TestContext.Current.CancellationToken);
        Assert.True(reach.IsCompletedSuccessfully);
        Assert.Same(_publisher.Latest, await reach);
    }

    [Fact]
    public async Task WaitForRevisionAsync_Future_WaitsForThatRevision()
    {
        _publisher.Load(5, []);
        var reach = _publisher.WaitForRevisionAsync(8, TestContext.Current.CancellationToken).AsTask();
        _publisher.Apply([Write("a", 6)]);
        _publisher.Apply([Write("b", 7)]);
        Assert.False(reach.IsCompleted);
        _publisher.Apply([Write("c", 9)]);

        Assert.Equal(9, (await reach.Within()).Revision);
    }

    [Fact]
    public async Task WaitForRevisionAsync_ImageReachesIt_Completes()
    {
        var reach = _publisher.WaitForRevisionAsync(8, TestContext.Current.CancellationToken).AsTask();
        _publisher.Load(8, []);

        Assert.Equal(8, (await reach.Within()).Revision);
    }

    [Fact]
    public async Task WaitForRevisionAsync_OneWaiterCancelled_OtherCompletes()
    {
        using var cancellation = new CancellationTokenSource();
        var cancelled = _publisher.WaitForRevisionAsync(1, cancellation.Token).AsTask();
        var other = _publisher.WaitForRevisionAsync(1, TestContext.Current.CancellationToken).AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Within());
        Assert.False(other.IsCompleted);
        _publisher.Apply([Write("a", 1)]);
        Assert.Equal(1, (await other.Within()).Revision);
    }

    private string? KeysAt(long revision) =>
        _publisher.FindSnapshot(revision) is { } snapshot ? string.Concat(snapshot.Scan(Some.Everything).Select(entry => entry.Key)) : null;

    private static Entry Entry(string key, long revision) => KvStore.Entry.Create(Some.Key(key), new byte[1], "text/plain", revision, revision, 1, 0);

    private static Commit Write(string key, long revision) => new(revision, [new EntryChange(null, Entry(key, revision))]);
}
