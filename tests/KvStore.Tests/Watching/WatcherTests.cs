namespace KvStore.Tests;

/// <summary>What a watcher reads, step by step.</summary>
public class WatcherTests
{
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_FarBehind_ReturnsBatches()
    {
        const int Commits = 1_000;
        await using var store = await Stores.StartAsync();
        for (var i = 0; i < Commits; i++)
            await store.CommitAsync(Some.Put(i % 2 == 0 ? "even" : "odd"));

        using var watcher = store.TryWatch(WatchFilter.OfKey(Some.Key("even")), 0)!;
        var seen = new List<long>();
        while (watcher.Read() == WatchState.Changed)
        {
            Assert.InRange(watcher.Commits.Count, 1, 128);
            seen.AddRange(watcher.Commits.Select(commit => commit.Revision));
            Assert.InRange(watcher.Position, seen[^1], seen[^1] + 1);
        }

        Assert.Equal(Enumerable.Range(0, Commits / 2).Select(i => (2L * i) + 1), seen);
        Assert.Equal(Commits, watcher.Position);
    }

    [Fact]
    public async Task WatchLag_ChangeNotRead_CountsFromIt()
    {
        await using var store = await Stores.StartAsync();
        Assert.Equal(0, store.WatchLag);
        using var watcher = store.TryWatch(WatchFilter.OfKey(Some.Key("a")), 0)!;
        Assert.Equal(WatchState.Silent, watcher.Read());
        foreach (var key in new[] { "b", "a", "b" })
            await store.CommitAsync(Some.Put(key));
        await Soon.UntilAsync(() => store.WatchLag == 2);
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(0, store.WatchLag);
    }

    [Fact]
    public async Task HistoryAge_OfOldestCommit_EndsWhenItIsDropped()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), new StoreOptions { HistoryCommitsMax = 2 }, time);
        Assert.Equal(TimeSpan.Zero, store.HistoryAge);
        foreach (var seconds in new[] { 10, 20, 30, 40 })
        {
            await store.CommitAsync(Some.Put("key"));
            time.Advance(TimeSpan.FromSeconds(seconds));
        }

        Assert.Equal(TimeSpan.FromSeconds(70), store.HistoryAge);
    }

    [Fact]
    public async Task Read_LargeValues_LimitsBatchBytes()
    {
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(EveryKey, 0)!;
        for (var i = 0; i < 5; i++)
            await store.CommitAsync(Some.Put($"k{i}", new string('v', 600 << 10)));

        var seen = 0;
        while (seen < 5)
        {
            Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            Assert.Single(watcher.Commits);
            seen++;
        }

        Assert.Equal(WatchState.Silent, watcher.Read());
    }

    // It keeps the batch that it read, which later batches are linked to.
    [Fact]
    public async Task Read_WatcherStopsReading_KeepsOneBatch()
    {
        const int Commits = 300;
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), new StoreOptions { HistoryCommitsMax = 10 }, time: time);
        using var stopped = store.TryWatch(EveryKey, 0)!;
        using var reader = store.TryWatch(EveryKey, 0)!;
        var seen = new List<WeakReference>();
        for (var i = 0; i < Commits; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            await store.CommitAsync(Some.Put("k"));
            await ReadAsync(reader);
            if (i == 0)
                Assert.Equal(WatchState.Changed, await stopped.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        }

        GC.Collect();
        Assert.InRange(seen.Count(commit => commit.IsAlive), 1, 20);
        Assert.Equal(1, Assert.Single(stopped.Commits).Revision);

        async Task ReadAsync(Watcher watcher)
        {
            Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            seen.Add(new WeakReference(Assert.Single(watcher.Commits)));
        }
    }

    // Else catching up would take quadratic time.
    [Fact]
    public async Task Read_FarBehind_AllocatesForOneBatch()
    {
        await using var store = await Stores.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 10_000).Select(_ => store.SubmitAsync(Some.Transaction(Some.Put("k"))))).Within();
        var allocated = Allocations.Of(() =>
        {
            using var watcher = store.TryWatch(EveryKey, 0)!;
            Assert.Equal((WatchState.Changed, 128), (watcher.Read(), watcher.Commits.Count));
        });
        Assert.InRange(allocated, 0, 100_000);
    }

    // The wake may come after a scan that found nothing and before the wait.
    [Fact]
    public async Task ReadAsync_NotifiedAtStartOfWait_Wakes()
    {
        const int Rounds = 20_000;
        var random = Seed.NewRandom();
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(EveryKey, 0)!;
        for (var i = 0; i < Rounds; i++)
        {
            var committing = store.SubmitAsync(Some.Transaction(Some.Put("k")));
            Thread.SpinWait(random.Next(600));
            Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            await committing.Within();
        }
    }

    // A notification and its wake that come between two steps of a scan must leave the watcher awake: it gets no other wake slot.
    [Fact]
    public async Task Read_NotifiedDuringScan_IsNotLeftAsleep()
    {
        const int Notifications = 20_000;
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(EveryKey, 0)!;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var notifying = Task.Run(
            () =>
            {
                var notified = 0;
                while (notified < Notifications && !timeout.IsCancellationRequested)
                {
                    if (!watcher.Notify(1))
                        continue;
                    watcher.Wake();
                    notified++;
                }

                return notified;
            },
            Token);
        while (!notifying.IsCompleted)
            watcher.Read();
        Assert.Equal(Notifications, await notifying);
    }

    [Fact]
    public async Task Read_BehindTheHistory_IsGoneForGood()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), new StoreOptions { HistoryCommitsMax = 3 }, time: time);
        using var watcher = store.TryWatch(EveryKey, 0)!;

        // The batches that both share outlive the history for a while.
        using var quick = store.TryWatch(EveryKey, 0)!;
        for (var i = 0; i < 10; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            await store.CommitAsync(Some.Put("k"));
            Assert.Equal(WatchState.Changed, await quick.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        }

        Assert.Equal(WatchState.Gone, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        await store.CommitAsync(Some.Put("k"));
        Assert.Equal(WatchState.Gone, watcher.Read());
        Assert.Equal(WatchState.Gone, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(0, watcher.Position);
    }

    [Fact]
    public async Task Read_EntryExpires_ReturnsExpiry()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), time: time);
        await store.CommitAsync(Some.Put("k", "v", time.GetUtcNow().AddSeconds(1)));
        using var watcher = store.TryWatch(EveryKey, store.Latest.Revision)!;
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        var change = Assert.Single(watcher.Commits).Changes[0];
        Assert.Equal((true, null, "k"), (change.IsExpiry, change.Current, $"{change.Key}"));
    }

    [Fact]
    public async Task Read_StoreRecords_DoNotMatch()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), time: time);
        using var watcher = store.TryWatch(EveryKey, 0)!;
        var remembered = new Transaction([], [Some.Put("k")])
        {
            Idempotency = new Idempotency("key"u8, new byte[1], TimeSpan.FromSeconds(1), 1000),
        };
        Assert.IsType<Outcome.Committed>(await store.SubmitAsync(remembered).Within());
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        var commit = Assert.Single(watcher.Commits);
        Assert.Equal((2, 1), (commit.Changes.Length, EveryKey.CountIn(commit)));

        // Its expiry is a commit too, and does not match.
        var before = store.Latest.Revision;
        time.Advance(TimeSpan.FromSeconds(2));
        await Soon.UntilAsync(() => store.Latest.Revision > before);
        var next = await store.CommitAsync(Some.Put("k"));
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(next.Revision, Assert.Single(watcher.Commits).Revision);
    }

    [Fact]
    public async Task Read_CommitNotPublished_IsSilent()
    {
        var gate = new Gate();
        var log = new FakeCommitLog();
        await using var store = await Stores.StartAsync(log);
        await store.CommitAsync(Some.Put("k", "before"));
        using var watcher = store.TryWatch(EveryKey, store.Latest.Revision)!;
        log.Committing = gate.PassAsync;
        var writing = store.SubmitAsync(Some.Transaction(Some.Put("k", "after")));
        await gate.Reached;

        Assert.Equal(WatchState.Silent, watcher.Read());
        Assert.Equal((1, "before"), (watcher.Position, store.Latest.Text("k")));
        gate.Open();
        Assert.IsType<Outcome.Committed>(await writing.Within());
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
    }

    [Fact]
    public async Task ReadAsync_Cancelled_Throws()
    {
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(EveryKey, 0)!;
        using var cancellation = new CancellationTokenSource();
        var reading = watcher.ReadAsync(Timeout.InfiniteTimeSpan, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Within());
    }

    [Fact]
    public async Task ReadAsync_Timeout_IsSilentAtLatestPosition()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), time: time);
        using var watcher = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), 0)!;
        using var other = store.TryWatch(WatchFilter.OfKey(Some.Key("other")), 0)!;
        await store.CommitAsync(Some.Put("other"));
        Assert.Equal(WatchState.Changed, await other.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(1, other.Position);

        var reading = watcher.ReadAsync(TimeSpan.FromSeconds(10), Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(reading.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(WatchState.Silent, await reading.Within());
        Assert.Equal(1, watcher.Position);
    }
}
