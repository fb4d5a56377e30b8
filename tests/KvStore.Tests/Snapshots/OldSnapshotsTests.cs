namespace KvStore.Tests;

public sealed class OldSnapshotsTests
{
    [Fact]
    public async Task Find_SameRevisionAtOnce_IsMadeOnceAndEndsWithItsReaders()
    {
        await using var store = await StartAsync(new StoreOptions { ExpensiveReadsMax = 1 });
        using (await store.ExpensiveReads.EnterAsync(TestContext.Current.CancellationToken))
        {
            using var first = new CancellationTokenSource();
            using var second = new CancellationTokenSource();
            var one = store.FindSnapshotAsync(1, first.Token).AsTask();
            var two = store.FindSnapshotAsync(1, second.Token).AsTask();
            Assert.Equal(1, store.ExpensiveReads.Waiting);

            await first.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one.Within());
            Assert.Equal(1, store.ExpensiveReads.Waiting);

            await second.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two.Within());
            await Soon.UntilAsync(() => store.ExpensiveReads.Waiting == 0);
        }

        var found = await store.FindSnapshotAsync(1, TestContext.Current.CancellationToken);
        Assert.Same(found.Snapshot, (await store.FindSnapshotAsync(1, TestContext.Current.CancellationToken)).Snapshot);
        Assert.Equal("0", found.Snapshot!.Text("k"));
        Assert.Equal((1, 0), (store.RetainedSnapshots, store.ExpensiveReads.Running));
    }

    [Fact]
    public async Task Find_TooManyRead_IsOverloaded()
    {
        await using var store = await StartAsync(new StoreOptions { ExpensiveReadsMax = 1, ExpensiveReadsWaitingMax = 0 });
        using var pass = await store.ExpensiveReads.EnterAsync(TestContext.Current.CancellationToken);
        Assert.Equal(new SnapshotRead(null, true), await store.FindSnapshotAsync(1, TestContext.Current.CancellationToken));
        Assert.NotNull((await store.FindSnapshotAsync(store.Latest.Revision, TestContext.Current.CancellationToken)).Snapshot);
    }

    [Fact]
    public async Task Find_NeedsMoreMemoryThanThereIs_IsOverloadedAndReleasesIt()
    {
        await using var store = await StartAsync(new StoreOptions { SnapshotsBytesMax = 500 });
        Assert.Equal(new SnapshotRead(null, true), await store.FindSnapshotAsync(1, TestContext.Current.CancellationToken));
        Assert.Equal((0L, 0, 0), (store.Memory.Snapshots.Bytes, store.RetainedSnapshots, store.ExpensiveReads.Running));
    }

    // The nodes of what undoing puts back are new ones too.
    [Theory]
    [InlineData(1, false)]
    [InlineData(100, false)]
    [InlineData(1, true)]
    [InlineData(100, true)]
    public async Task Find_BeforeDeletions_ChargesWhatOnlyTheOldStateHas(int valueBytes, bool isByPrefix)
    {
        await using var store = await Stores.StartAsync();
        await store.CommitAsync([.. Enumerable.Range(0, 4000).Select(Operation (i) => new Put(Some.Key($"k{i * 7919 % 4000:D4}"), new byte[valueBytes], "text/plain"))]);
        await store.CommitAsync(isByPrefix ? [new DeletePrefix("k"u8, 4000)] : [.. Enumerable.Range(0, 4000).Select(Operation (i) => Some.Delete($"k{i:D4}"))]);

        var found = (await store.FindSnapshotAsync(1, TestContext.Current.CancellationToken)).Snapshot!;
        Assert.Equal(4000, found.Count);
        var reachable = HeldMemory.Of(store.Latest, [found]);
        Assert.InRange(store.Memory.Snapshots.Bytes, reachable, reachable * 13 / 10);
    }

    [Fact]
    public async Task Find_BeforeManyWritesOfAKey_ChargesOneValue()
    {
        await using var store = await Stores.StartAsync();
        for (var i = 0; i < 50; i++)
            await store.CommitAsync(new Put(Some.Key("k"), new byte[50_000], "text/plain"));

        var found = (await store.FindSnapshotAsync(1, TestContext.Current.CancellationToken)).Snapshot!;
        var reachable = HeldMemory.Of(store.Latest, [found]);
        Assert.InRange(reachable, 50_000, 52_000);
        Assert.InRange(store.Memory.Snapshots.Bytes, reachable, reachable + 1000);

        // What another one is made from counts for each of them.
        await store.FindSnapshotAsync(0, TestContext.Current.CancellationToken);
        Assert.InRange(store.Memory.Snapshots.Bytes, reachable, (2 * reachable) + 3000);
    }

    /// <summary>A read that undoes a few commits of many changes gives way to others as often as one that undoes many small ones.</summary>
    [Theory]
    [InlineData(20, 100)]
    [InlineData(2000, 1)]
    public async Task Find_ManyChanges_GivesWayToOthersAfterEachFew(int commits, int changes)
    {
        await using var store = await Stores.StartAsync();
        await store.CommitAsync(Some.Put("k", "0"));
        for (var i = 0; i < commits; i++)
            await store.CommitAsync([.. Enumerable.Range(0, changes).Select(key => Some.Put($"{key}", $"{i}"))]);

        var context = new PostCounter();
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        var finding = store.FindSnapshotAsync(1, TestContext.Current.CancellationToken).AsTask();
        SynchronizationContext.SetSynchronizationContext(before);
        await finding.Within();
        Assert.InRange(context.Posts, commits * changes / 400, commits * changes / 200);
    }

    [Fact]
    public async Task Retain_EveryStateOfLargeWrites_StaysWithinTheMemory()
    {
        const int Max = 4 << 20;
        await using var store = await Stores.StartAsync(new StoreOptions { SnapshotsBytesMax = Max, HistoryBytesMax = 1 << 20 });
        for (var i = 0; i < 200; i++)
        {
            await store.CommitAsync(new Put(Some.Key("k"), new byte[100_000], "text/plain"));
            store.Retain(store.Latest);
            Assert.InRange(store.Memory.Snapshots.Bytes, 0, Max);
        }

        // One publication may exceed the bound until it has released what is too much.
        Assert.InRange(store.Memory.Snapshots.PeakBytes, Max - 300_000, Max + 300_000);
        Assert.InRange(store.RetainedSnapshots, 30, 45);
    }

    [Fact]
    public async Task Lease_MemoryExceeded_RevokesTheOldestAndReleasesAll()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { SnapshotsBytesMax = 1 << 20 });
        await store.CommitAsync(new Put(Some.Key("a"), new byte[700_000], "text/plain"), new Put(Some.Key("b"), new byte[700_000], "text/plain"));
        var oldest = store.Lease(store.Latest, TimeSpan.FromHours(1));
        await store.CommitAsync(new Put(Some.Key("a"), new byte[1], "text/plain"));
        var other = store.Lease(store.Latest, TimeSpan.FromHours(1));
        Assert.Equal(SnapshotLease.Revocation.None, oldest.Reason);

        await store.CommitAsync(new Put(Some.Key("b"), new byte[1], "text/plain"));
        Assert.Equal((SnapshotLease.Revocation.Memory, SnapshotLease.Revocation.None), (oldest.Reason, other.Reason));
        await Soon.UntilAsync(() => oldest.Revoked.IsCancellationRequested);
        oldest.Dispose();
        other.Dispose();
        other.Dispose();
        Assert.Equal((0L, (0, 1L)), (store.Memory.Snapshots.Bytes, store.Leases));
    }

    // Entries whose expiry is renewed again and again: old states share their values with the latest one.
    [Fact]
    public async Task Find_BeforeRenewals_ChargesNoValue()
    {
        await using var store = await Stores.StartAsync();
        for (var i = 0; i < 20; i++)
            await store.CommitAsync(new Put(Some.Key($"k{i}"), new byte[50_000], "text/plain"));
        var revision = store.Latest.Revision;
        for (var i = 0; i < 200; i++)
            await store.CommitAsync(new SetExpiry(Some.Key($"k{i % 20}"), ExpiryUpdate.At(DateTimeOffset.UtcNow.AddHours(1))));

        var found = (await store.FindSnapshotAsync(revision, TestContext.Current.CancellationToken)).Snapshot!;
        Assert.Null(found.Find(Some.Key("k7"))!.Value.ExpiresAt);
        Assert.InRange(store.Memory.Snapshots.Bytes, HeldMemory.Of(store.Latest, [found]), 10_000);

        // What the old state alone has from now on.
        await store.CommitAsync(Some.Put("k7"));
        Assert.InRange(store.Memory.Snapshots.Bytes, HeldMemory.Of(store.Latest, [found]), 70_000);
        Assert.InRange(HeldMemory.Of(store.Latest, [found]), 50_000, 70_000);
    }

    // Values that grow: old states have some of the arrays that their values were in, and share the last one with the latest state.
    [Fact]
    public async Task Find_BeforeExtensions_ChargesTheArraysThatItHas()
    {
        const int ValueBytes = 50_000;
        await using var store = await Stores.StartAsync();
        var (moved, stayed) = (Some.Key("moved"), Some.Key("stayed"));
        foreach (var key in new[] { moved, stayed })
        {
            await store.CommitAsync(new Put(key, new byte[ValueBytes], Entry.MergeableContentType) { IsRewrite = true });
            await ExtendAsync(key, 1);
        }

        var revision = store.Latest.Revision;
        for (var i = 0; i < 100; i++)
            await ExtendAsync(stayed, 50);
        for (var i = 0; i < 100; i++)
            await ExtendAsync(moved, 1000);
        var found = (await store.FindSnapshotAsync(revision, TestContext.Current.CancellationToken)).Snapshot!;
        Assert.All(new[] { moved, stayed }, key => Assert.Equal(ValueBytes + 1, found.Find(key)!.Value.ValueLength));
        Assert.Equal((true, false), (Shares(stayed), Shares(moved)));
        Assert.InRange(HeldMemory.Of(store.Latest, [found]), ValueBytes, 2 * ValueBytes);
        Assert.InRange(store.Memory.Snapshots.Bytes, HeldMemory.Of(store.Latest, [found]), 2 * ValueBytes);

        // Later arrays are those of neither.
        for (var i = 0; i < 100; i++)
            await ExtendAsync(moved, 10_000);
        Assert.InRange(store.Memory.Snapshots.Bytes, HeldMemory.Of(store.Latest, [found]), 7 * ValueBytes);

        bool Shares(Key key) => found.Find(key)!.Value.SharesValueWith(store.Latest.Find(key)!.Value);

        Task ExtendAsync(Key key, int bytes) => store.Latest.Find(key) is { } entry
            ? store.CommitAsync(new Extend(key, entry.CreatedRevision, entry.ValueLength, new byte[bytes]))
            : throw new InvalidOperationException();
    }

    private static async Task<Store> StartAsync(StoreOptions options)
    {
        var store = await Stores.StartAsync(options);
        for (var i = 0; i < 10; i++)
            await store.CommitAsync(Some.Put("k", $"{i}"));
        return store;
    }

    private sealed class PostCounter : SynchronizationContext
    {
        public int Posts;

        public override void Post(SendOrPostCallback callback, object? state)
        {
            Interlocked.Increment(ref Posts);
            ThreadPool.QueueUserWorkItem(_ =>
            {
                SetSynchronizationContext(this);
                callback(state);
                SetSynchronizationContext(null);
            });
        }
    }
}
