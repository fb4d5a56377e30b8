namespace KvStore.Tests;

/// <summary>Which watchers the hub notifies, and the state of watchers when it cannot.</summary>
public class WatchHubTests
{
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryWatch_AtLimit_IsNullUntilOneLeaves()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { WatchersMax = 2 });
        using var first = store.TryWatch(EveryKey, 0);
        var second = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), 0)!;
        Assert.Null(store.TryWatch(EveryKey, 0));
        second.Dispose();
        second.Dispose();
        Assert.Equal(1, store.Watchers);
        using var third = store.TryWatch(EveryKey, 0);
        Assert.NotNull(third);
        Assert.Equal(2, store.Watchers);
    }

    [Fact]
    public async Task TryWatch_NegativeRevision_Throws()
    {
        await using var store = await Stores.StartAsync();
        Assert.Throws<ArgumentOutOfRangeException>(() => store.TryWatch(EveryKey, -1));
    }

    // The hub stops scanning without watchers. A commit that it missed at the stop or the start would leave the watcher waiting.
    [Fact]
    public async Task TryWatch_WhileHubStopsScanning_MissesNothing()
    {
        const int Rounds = 3_000;
        await using var store = await Stores.StartAsync();
        for (var i = 0; i < Rounds; i++)
        {
            // The hub notices that there are no watchers at the next commit.
            if (i % 2 == 0)
                await store.CommitAsync(Some.Put("unwatched"));
            using var watcher = store.TryWatch(EveryKey, store.Latest.Revision)!;
            var committing = store.SubmitAsync(Some.Transaction(Some.Put("k")));
            Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            Assert.Equal(((Outcome.Committed)await committing).Revision, Assert.Single(watcher.Commits).Revision);
        }
    }

    // Without the retention pin the next commit would make the history forget it before a scan, and every watcher would be gone.
    [Fact]
    public async Task Read_DeletionLargerThanHistory_NoneIsGone()
    {
        const int Entries = 200;
        for (var round = 0; round < 50; round++)
        {
            // The clock stands still, so batches are retained until they are read.
            var time = new FakeTimeProvider();
            await using var store = await Stores.StartAsync(new MemoryCommitLog(time), new StoreOptions { HistoryBytesMax = 1000 }, time: time);
            await store.CommitAsync([.. Enumerable.Range(0, Entries).Select(Operation (i) => Some.Put($"p/{i}", "value"))]);
            using var deleted = store.TryWatch(WatchFilter.OfPrefix("p/"u8), store.Latest.Revision)!;
            using var other = store.TryWatch(WatchFilter.OfPrefix("other/"u8), store.Latest.Revision)!;
            var deleting = store.SubmitAsync(Some.Transaction(new DeletePrefix("p/"u8, Entries)));
            for (var i = 0; i < 10; i++)
                _ = store.SubmitAsync(Some.Transaction(Some.Put("unwatched", new string('v', 500))));
            var revision = (await store.CommitAsync(Some.Put("other/k"))).Revision;
            var deletion = Assert.IsType<Outcome.Committed>(await deleting).Revision;

            Assert.Equal(WatchState.Changed, await deleted.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            Assert.Equal(Entries, Assert.Single(deleted.Commits).Changes.Length);
            Assert.Equal(WatchState.Changed, await other.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            Assert.Equal(revision, Assert.Single(other.Commits).Revision);

            // The next notification shows that the scan is over; the commit after it releases the deletion.
            await store.CommitAsync(Some.Put("other/next"));
            Assert.Equal(WatchState.Changed, await other.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            await store.CommitAsync(Some.Put("unwatched"));
            Assert.InRange(store.OldestRevision, deletion, revision);
        }
    }

    [Fact]
    public async Task StopWatchers_WaitingBehindAndLater_AllAreStopped()
    {
        await using var store = await Stores.StartAsync();
        using var behind = store.TryWatch(EveryKey, 0)!;
        await store.CommitAsync(Some.Put("k"));
        var waiting = Enumerable.Range(0, 500).Select(_ => store.TryWatch(EveryKey, store.Latest.Revision)!).ToArray();
        var reading = waiting.Select(watcher => watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask()).ToArray();

        store.StopWatchers();
        store.StopWatchers();

        Assert.All(await Task.WhenAll(reading).Within(), state => Assert.Equal(WatchState.Stopped, state));
        Assert.Equal(WatchState.Stopped, behind.Read());
        using var later = store.TryWatch(EveryKey, 0)!;
        Assert.Equal(WatchState.Stopped, await later.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        await store.CommitAsync(Some.Put("k"));
        await store.DisposeAsync();
        using var last = store.TryWatch(EveryKey, 0)!;
        Assert.Equal(WatchState.Stopped, last.Read());
    }

    [Fact]
    public async Task StopWatchers_DuringAddsAndCommits_LeavesNoneWaiting()
    {
        for (var round = 0; round < 100; round++)
        {
            await using var store = await Stores.StartAsync();
            var watching = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                using var watcher = store.TryWatch(EveryKey, 0)!;
                while (await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token) != WatchState.Stopped)
                    await store.CommitAsync(Some.Put("k"));
            })).ToArray();
            await store.CommitAsync(Some.Put("k"));
            store.StopWatchers();
            await Task.WhenAll(watching).Within();
        }
    }

    [Fact]
    public async Task Scan_Throws_StopsWatchersAndFailsStore()
    {
        var time = new ObservedTime();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(TimeProvider.System), time: time);

        // So many that the hub rests after it woke them, which needs a timer.
        var watchers = Enumerable.Range(0, 100).Select(_ => store.TryWatch(EveryKey, 0)!).ToArray();
        time.TimerCreating = () => throw new TimeException();
        await store.CommitAsync(Some.Put("k"));

        await Assert.ThrowsAsync<TimeException>(() => store.Completion.Within());
        Assert.Equal(StoreState.Failed, store.State);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("late"))).Within(), NotAppliedReason.Failed);
        foreach (var watcher in watchers)
            Assert.Equal(WatchState.Stopped, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal("value", store.Latest.Text("k"));
        await store.StopAsync();
    }

    [Fact]
    public async Task Load_ImageInsteadOfCommits_PresentWatchersAreGone()
    {
        var publisher = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
        publisher.Load(10, []);
        using var hub = new WatchHub(publisher, new StoreOptions(), TimeProvider.System, exception => Assert.Fail($"{exception}"));
        Watcher[] watchers = [hub.TryAdd(EveryKey, 10)!, hub.TryAdd(WatchFilter.OfKey(Some.Key("untouched")), 10)!];
        var reading = watchers.Select(watcher => watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask()).ToArray();
        using var future = hub.TryAdd(EveryKey, 25)!;

        publisher.Load(20, []);
        Assert.All(await Task.WhenAll(reading).Within(), state => Assert.Equal(WatchState.Gone, state));
        Assert.Equal(WatchState.Silent, future.Read());

        using var later = hub.TryAdd(EveryKey, 20)!;
        var entry = Entry.Create(Some.Key("k"), default, "text/plain", 30, 30, 1, 0);
        publisher.Apply([new Commit(30, new EntryChange(null, entry))]);
        Assert.Equal(WatchState.Changed, await later.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(WatchState.Changed, await future.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(WatchState.Gone, watchers[0].Read());
    }

    // The history forgets commits before the scan: a watcher that continued would have missed some.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Apply_MoreCommitsThanHistory_EveryWatcherIsGone(bool isMoreToCome)
    {
        var options = new StoreOptions { HistoryCommitsMax = 3 };
        var publisher = new SnapshotPublisher(options, TimeProvider.System);
        publisher.Load(10, []);
        using var hub = new WatchHub(publisher, options, TimeProvider.System, exception => Assert.Fail($"{exception}"));
        using var watcher = hub.TryAdd(EveryKey, 10)!;
        using var untouched = hub.TryAdd(WatchFilter.OfKey(Some.Key("untouched")), 10)!;
        publisher.Apply([Commit(11)]);
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());

        publisher.Apply([.. Enumerable.Range(12, 10).Select(revision => Commit(revision))]);
        await Soon.UntilAsync(() => hub.NotifiedThrough == 21);
        if (isMoreToCome)
        {
            publisher.Apply([Commit(22)]);
            await Soon.UntilAsync(() => hub.NotifiedThrough == 22);
        }

        foreach (var one in new[] { watcher, untouched })
            Assert.Equal(WatchState.Gone, await one.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());

        static Commit Commit(long revision) =>
            new(revision, new EntryChange(null, Entry.Create(Some.Key($"k{revision}"), default, "text/plain", revision, revision, 1, 0)));
    }

    private sealed class TimeException : Exception;
}
