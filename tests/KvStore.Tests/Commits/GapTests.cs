namespace KvStore.Tests;

/// <summary>A log that says that revisions are lost: nothing may pass for a position that lies among them.</summary>
public class GapTests
{
    private const long Recovered = 3, Resumed = 1_000;

    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, false)]
    [InlineData(Recovered, false)]
    [InlineData(Recovered + 1, true)]
    [InlineData(500, true)]
    [InlineData(Resumed - 1, true)]
    [InlineData(Resumed, false)]
    [InlineData(Resumed + 1, false)]
    [InlineData(Resumed + 50, false)]
    public void IsLost_Revision_IsStrictlyInside(long revision, bool isLost)
    {
        var publisher = Publish();
        publisher.Apply([Write("d", Resumed + 1, publisher)]);
        publisher.Apply([Write("d", Resumed + 10, publisher)]);
        Assert.Equal(isLost, publisher.IsLost(revision));
    }

    [Fact]
    public void FindSnapshot_AroundGap_IsRecoveredStateOrNothing()
    {
        var publisher = Publish();
        publisher.Apply([Write("d", Resumed + 1, publisher)]);

        Assert.Equal("abcd", KeysAt(publisher, Resumed + 1));
        Assert.Equal("abc", KeysAt(publisher, Resumed));
        Assert.Equal("abc", KeysAt(publisher, Recovered));
        Assert.Equal("ab", KeysAt(publisher, Recovered - 1));
        foreach (var lost in new[] { Recovered + 1, 500, Resumed - 1 })
            Assert.Null(publisher.FindSnapshot(lost));
    }

    [Fact]
    public void CommitsBetween_AboveIsLost_IsNull()
    {
        var publisher = Publish();
        publisher.Apply([Write("d", Resumed + 1, publisher)]);

        Assert.Equal([1, 2, 3, Resumed, Resumed + 1], publisher.CommitsBetween(0, Resumed + 1)!.Select(commit => commit.Revision));
        Assert.Equal([Resumed, Resumed + 1], publisher.CommitsBetween(Recovered, Resumed + 1)!.Select(commit => commit.Revision));
        Assert.Equal([true, false], publisher.CommitsBetween(Recovered, Resumed + 1)!.Select(commit => commit.IsGap));
        Assert.Null(publisher.CommitsBetween(Recovered + 1, Resumed + 1));
        Assert.Null(publisher.CommitsBetween(Resumed - 1, Resumed + 1));
        Assert.Equal([Resumed + 1], publisher.CommitsBetween(Resumed, Resumed + 1)!.Select(commit => commit.Revision));
    }

    [Fact]
    public void IsLost_GapIsDropped_StaysKnown()
    {
        var publisher = Publish(new StoreOptions { HistoryCommitsMax = 1 });
        publisher.Apply([Write("d", Resumed + 1, publisher)]);
        publisher.Apply([Write("e", Resumed + 2, publisher)]);

        Assert.Equal(Resumed + 1, publisher.OldestRevision);
        Assert.True(publisher.IsLost(500));
        publisher.Load(2_000, []);
        Assert.False(publisher.IsLost(500));
    }

    [Fact]
    public void Apply_GapFirst_FollowsTheImage()
    {
        var publisher = new SnapshotPublisher(new StoreOptions(), _time);
        publisher.Load(7, [Entry("a", 5)]);
        publisher.Apply([Commit.Gap(Resumed)]);

        Assert.Equal((Resumed, 1, 7), (publisher.Latest.Revision, publisher.Latest.Count, publisher.OldestRevision));
        Assert.Equal((false, true, true, false), (publisher.IsLost(7), publisher.IsLost(8), publisher.IsLost(Resumed - 1), publisher.IsLost(Resumed)));
        Assert.Equal("a", KeysAt(publisher, 7));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(Recovered, false)]
    [InlineData(Recovered + 1, true)]
    [InlineData(Resumed - 1, true)]
    [InlineData(Resumed, false)]
    public async Task Watch_StartAroundGap_ResumesOrIsGone(long after, bool isGone)
    {
        var log = new FakeCommitLog(_time)
        {
            FirstCommits = [New("a", 1), New("b", 2), New("c", Recovered), Commit.Gap(Resumed)],
        };
        await using var store = await Stores.StartAsync(log, time: _time);
        Assert.Equal(Resumed, store.Latest.Revision);
        using var watcher = store.TryWatch(EveryKey, after)!;

        var state = watcher.Read();
        if (isGone)
        {
            Assert.Equal((WatchState.Gone, after), (state, watcher.Position));
            return;
        }

        if (after == 0)
        {
            Assert.Equal([1, 2, 3], watcher.Commits.Select(commit => commit.Revision));
            state = watcher.Read();
        }

        Assert.Equal((WatchState.Silent, Resumed), (state, watcher.Position));
        var next = await store.CommitAsync(Some.Put("k"));
        Assert.Equal(Resumed + 1, next.Revision);
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(next.Revision, Assert.Single(watcher.Commits).Revision);
    }

    // The watchers are there before the gap, as on a replica whose log starts over: those whose position the gap swallows must not wait for ever.
    [Fact]
    public async Task Watch_GapComesWhileWatching_EndsOnlyThoseInside()
    {
        var random = Seed.NewRandom();
        for (var round = 0; round < 50; round++)
        {
            var publisher = Publish(gap: false);
            using var hub = new WatchHub(publisher, new StoreOptions(), TimeProvider.System, exception => Assert.Fail($"{exception}"));
            var watchers = Enumerable.Range(0, 20).Select(i => hub.TryAdd(i % 2 == 0 ? EveryKey : WatchFilter.OfKey(Some.Key("d")), RandomPosition()) ?? throw new InvalidOperationException()).ToList();
            var before = watchers.Select(watcher => watcher.Position).ToList();
            var reads = watchers.Select(watcher => ReadUntilAsync(watcher, Resumed + 1)).ToList();

            publisher.Apply(random.Next(2) == 0 ? [Commit.Gap(Resumed), Write("d", Resumed + 1, publisher)] : [Commit.Gap(Resumed)]);
            if (publisher.Latest.Revision == Resumed)
                publisher.Apply([Write("d", Resumed + 1, publisher)]);

            for (var i = 0; i < watchers.Count; i++)
            {
                var (seen, isGone) = await reads[i].Within();
                Assert.True(isGone == before[i] is > Recovered and < Resumed, $"Position {before[i]} is gone: {isGone}.");
                if (isGone)
                    Assert.Empty(seen);
                else if (before[i] <= Resumed)
                    Assert.Equal(i % 2 == 0 ? [.. new long[] { 1, 2, 3 }.Where(revision => revision > before[i]), Resumed + 1] : [Resumed + 1], seen);
            }
        }

        long RandomPosition() => random.Next(5) switch { 0 => random.Next(4), 1 => Recovered, 2 => Recovered + 1, 3 => random.NextInt64(Recovered, Resumed + 1), _ => Resumed };

        static async Task<(List<long> Seen, bool IsGone)> ReadUntilAsync(Watcher watcher, long last)
        {
            var seen = new List<long>();
            while (watcher.Position < last)
            {
                var state = await watcher.ReadAsync(TimeSpan.FromMilliseconds(20), Token);
                if (state == WatchState.Gone)
                    return (seen, true);
                seen.AddRange(watcher.Commits.Select(commit => commit.Revision));
            }

            return (seen, false);
        }
    }

    private SnapshotPublisher Publish(StoreOptions? options = null, bool gap = true)
    {
        var publisher = new SnapshotPublisher(options ?? new StoreOptions(), _time);
        publisher.Load(0, []);
        publisher.Apply([Write("a", 1, publisher)]);
        publisher.Apply([Write("b", 2, publisher), Write("c", 3, publisher)]);
        if (gap)
            publisher.Apply([Commit.Gap(Resumed)]);
        return publisher;
    }

    private static string? KeysAt(SnapshotPublisher publisher, long revision) =>
        publisher.FindSnapshot(revision) is { } snapshot ? string.Concat(snapshot.Scan(Some.Everything).Select(entry => entry.Key)) : null;

    private static Entry Entry(string key, long revision) => KvStore.Entry.Create(Some.Key(key), new byte[1], "text/plain", revision, revision, 1, 0);

    private static Commit New(string key, long revision) => new(revision, new EntryChange(null, Entry(key, revision)));

    private static Commit Write(string key, long revision, SnapshotPublisher publisher) =>
        new(revision, [new EntryChange(publisher.Latest.Find(Some.Key(key)), Entry(key, revision))]);
}
