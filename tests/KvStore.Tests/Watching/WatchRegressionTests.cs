namespace KvStore.Tests;

/// <summary>Bugs that other watches had.</summary>
public class WatchRegressionTests
{
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // etcd #15220: progress was reported for a revision before its events were sent.
    [Fact]
    public async Task Position_DuringCommits_IsNeverAheadOfCommits()
    {
        const int Commits = 30_000;
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(WatchFilter.OfKey(Some.Key("watched")), 0)!;
        var writing = Task.Run(
            async () =>
            {
                // Revisions are even where the key is watched.
                for (var i = 1; i <= Commits; i++)
                    await store.CommitAsync(Some.Put(i % 2 == 0 ? "watched" : "other"));
            },
            Token);

        var seen = 0L;
        while (watcher.Position < Commits)
        {
            Assert.NotEqual(WatchState.Gone, watcher.Read());
            if (watcher.Commits.Count > 0)
                seen = watcher.Commits[^1].Revision;
            Assert.Equal(watcher.Position / 2 * 2, seen);
            if (writing.IsFaulted)
                break;
        }

        await writing.Within();
    }

    // etcd #20221: a watch that began in the future was sent events from before.
    [Fact]
    public async Task TryWatch_FutureRevision_ReturnsNothingBeforeIt()
    {
        await using var store = await Stores.StartAsync();
        using var other = store.TryWatch(EveryKey, 0)!;
        using var watcher = store.TryWatch(EveryKey, 100)!;
        for (var i = 0; i < 100; i++)
        {
            await store.CommitAsync(Some.Put("k"));
            if (i % 10 == 0)
                Assert.Equal(WatchState.Silent, watcher.Read());
        }

        while (other.Position < 100)
            await other.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within();
        Assert.Equal(WatchState.Silent, watcher.Read());
        Assert.Equal(100, watcher.Position);
        await store.CommitAsync(Some.Put("k"));
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal(101, Assert.Single(watcher.Commits).Revision);
    }

    // etcd #18089 and #19179: a deletion right after what was compacted was not sent.
    [Fact]
    public async Task TryWatch_OldestCommitIsDeletion_ReturnsIt()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { HistoryCommitsMax = 2 });
        await store.CommitAsync(Some.Put("k"));
        var deleted = await store.CommitAsync(Some.Delete("k"));
        await store.CommitAsync(Some.Put("other"));
        Assert.Equal(deleted.Revision - 1, store.OldestRevision);

        using var watcher = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), store.OldestRevision)!;
        Assert.Equal(WatchState.Changed, watcher.Read());
        var commit = Assert.Single(watcher.Commits);
        Assert.Equal((deleted.Revision, null), (commit.Revision, commit.Changes[0].Current));
        using var older = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), store.OldestRevision - 1)!;
        Assert.Equal(WatchState.Gone, older.Read());
    }

    // etcd #17529: one slow watcher kept others from being sent anything.
    [Fact]
    public async Task Read_OtherWatchersAreSlow_DoesNotWait()
    {
        const int Commits = 2_000;
        await using var store = await Stores.StartAsync();
        for (var i = 0; i < Commits; i++)
            await store.CommitAsync(Some.Put("before"));
        using var never = store.TryWatch(EveryKey, 0)!;
        using var behind = store.TryWatch(EveryKey, 0)!;
        using var watcher = store.TryWatch(EveryKey, store.Latest.Revision)!;
        for (var i = 1; i <= Commits; i++)
        {
            if (i % 100 == 0)
                Assert.Equal(WatchState.Changed, behind.Read());
            await store.CommitAsync(Some.Put("k"));
            Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
            Assert.Equal(Commits + i, Assert.Single(watcher.Commits).Revision);
        }
    }

    // go-immutable-radix pull request 107: an insert and a deletion by prefix in one transaction woke no watcher.
    [Fact]
    public async Task Read_InsertAndPrefixDeletionInOneBatch_ReturnsBoth()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        await using var store = await Stores.StartAsync(log);
        using var watcher = store.TryWatch(WatchFilter.OfPrefix("a/"u8), 0)!;
        using var ofKey = store.TryWatch(WatchFilter.OfKey(Some.Key("a/1")), 0)!;
        var held = store.SubmitAsync(Some.Transaction(Some.Put("b")));
        await gate.Reached;
        var inserting = store.SubmitAsync(Some.Transaction(Some.Put("a/1"), Some.Put("a/2")));
        var deleting = store.SubmitAsync(Some.Transaction(new DeletePrefix("a/"u8, 10)));
        gate.Open();
        await Task.WhenAll(held, inserting, deleting).Within();

        Assert.Equal([1, 2], log.BatchSizes);
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal([2, 3], watcher.Commits.Select(commit => commit.Revision));
        Assert.Equal([2, 2], watcher.Commits.Select(commit => watcher.Filter.CountIn(commit)));
        Assert.Equal(WatchState.Changed, await ofKey.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.Equal([2, 3], ofKey.Commits.Select(commit => commit.Revision));
        Assert.Equal((1, 0), (store.Latest.Count, store.Latest.CountOf(KeyRange.WithPrefix("a/"u8))));
    }
}
