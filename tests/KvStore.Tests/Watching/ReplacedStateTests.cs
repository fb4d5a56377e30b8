namespace KvStore.Tests;

/// <summary>A log that passes a new image while the store runs.</summary>
public sealed class ReplacedStateTests : IAsyncDisposable
{
    private static readonly Entry Replacement = Entry.Create("k"u8, Some.Bytes("replaced"), "text/plain", 1, 1, 1, 0, Entry.Never);

    private readonly FakeCommitLog _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task Load_WhileRunning_EndsEveryWatcherAndTheHistory(int later)
    {
        await using var store = await Stores.StartAsync(_log);
        var first = (await store.CommitAsync(Some.Put("k", "1"))).Revision;
        var last = (await store.CommitAsync(Some.Put("k", "2"))).Revision;
        using var waits = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), last)!;
        using var isBehind = store.TryWatch(WatchFilter.OfPrefix(default), first)!;
        using var ofOthers = store.TryWatch(WatchFilter.OfKey(Some.Key("other")), last)!;
        var reading = waits.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask();
        Assert.False(reading.IsCompleted);

        _log.Follower!.Load(last + later, [Replacement]);

        Assert.Equal(WatchState.Gone, await reading.Within());
        Assert.Equal(WatchState.Gone, isBehind.Read());
        Assert.Equal(WatchState.Gone, ofOthers.Read());
        Assert.Equal(last + later, store.OldestRevision);
        Assert.Null((await store.FindSnapshotAsync(first, Token)).Snapshot);
        Assert.Equal("replaced", store.Latest.Text("k"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task Load_WhileRunning_LaterWatchersSeeWhatFollows(int later)
    {
        await using var store = await Stores.StartAsync(_log);
        var first = (await store.CommitAsync(Some.Put("k", "1"))).Revision;
        var last = (await store.CommitAsync(Some.Put("k", "2"))).Revision;
        using var before = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), first)!;
        Assert.Equal(WatchState.Changed, await before.ReadAsync(Timeout.InfiniteTimeSpan, Token));

        _log.Follower!.Load(last + later, [Replacement]);
        using var outdated = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), first)!;
        using var watcher = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), last + later)!;
        Assert.Equal(WatchState.Gone, await outdated.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        var next = (await store.CommitAsync(Some.Put("k", "3"))).Revision;
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal([next], watcher.Commits.Select(commit => commit.Revision));
    }

    [Fact]
    public async Task Load_EarlierRevision_IsABug()
    {
        await using var store = await Stores.StartAsync(_log);
        var last = (await store.CommitAsync(Some.Put("k"))).Revision;
        Assert.Throws<InvalidOperationException>(() => _log.Follower!.Load(last - 1, []));
    }

    [Fact]
    public async Task Load_First_LeavesWatchersThatWait()
    {
        await using var store = new Store(_log, new StoreOptions(), TimeProvider.System);
        using var watcher = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), 0)!;
        store.Start();
        await store.Loaded.Within();
        await store.CommitAsync(Some.Put("k"));
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
    }
}
