namespace KvStore.Tests;

/// <summary>What watchers hold is charged to the account of watches, once for all of them, and released.</summary>
public sealed class WatchAccountTests
{
    private const int ValueBytes = 100_000;

    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryEncode_SharedByWatchers_IsChargedOnceUntilAllLeave()
    {
        await using var store = await Stores.StartAsync();
        var account = store.Memory.Watches;
        var encoder = new SizedEncoder(ValueBytes);
        using var one = store.TryWatch(EveryKey, 0)!;
        using var other = store.TryWatch(EveryKey, 0)!;
        await store.CommitAsync(Some.Put("k"));
        foreach (var watcher in new[] { one, other })
        {
            Assert.Equal(WatchState.Changed, await ReadAsync(watcher));
            Assert.True(watcher.TryEncode(encoder, out _));
        }

        Assert.InRange(account.Bytes, ValueBytes, ValueBytes + 100);
        one.Dispose();
        Assert.InRange(account.Bytes, ValueBytes, ValueBytes + 100);
        other.Dispose();
        Assert.Equal(0, account.Bytes);
    }

    [Fact]
    public async Task TryEncode_AccountFull_IsNotSharedAndNotAskedAgain()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { WatchesBytesMax = ValueBytes });
        var account = store.Memory.Watches;
        var encoder = new SizedEncoder(ValueBytes);
        using var watcher = store.TryWatch(EveryKey, 0)!;
        await store.CommitAsync(Some.Put("k"));
        Assert.Equal(WatchState.Changed, await ReadAsync(watcher));
        Assert.False(watcher.TryEncode(encoder, out _));
        Assert.False(watcher.TryEncode(encoder, out _));
        Assert.Equal((0, 1, 1), (account.Bytes, account.Refusals, encoder.Calls));
    }

    // What a watcher reads from the history is its own.
    [Fact]
    public async Task TryEncode_OfTheHistory_IsChargedUntilTheNextRead()
    {
        await using var store = await Stores.StartAsync();
        var account = store.Memory.Watches;
        var encoder = new SizedEncoder(ValueBytes);
        for (var i = 0; i < 3; i++)
            await store.CommitAsync(Some.Put("k", new string('v', ValueBytes)));
        using var watcher = store.TryWatch(EveryKey, 0)!;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(WatchState.Changed, await ReadAsync(watcher));
            Assert.True(watcher.TryEncode(encoder, out _));
            Assert.Single(watcher.Commits);
            Assert.InRange(account.Bytes, ValueBytes, ValueBytes + 1000);
        }

        Assert.Equal(WatchState.Silent, watcher.Read());
        Assert.Equal(0, account.Bytes);
    }

    [Fact]
    public async Task TryHold_SameCommit_IsChargedOnceUntilNextReadOrDispose()
    {
        await using var store = await Stores.StartAsync();
        var account = store.Memory.Watches;
        using var every = store.TryWatch(EveryKey, 0)!;
        using var key = store.TryWatch(WatchFilter.OfKey(Some.Key("k")), 0)!;
        await store.CommitAsync(Some.Put("k", new string('v', ValueBytes)));
        Assert.True(every.TryHold());
        Assert.Equal(0, account.Bytes);

        foreach (var watcher in new[] { every, key })
        {
            Assert.Equal(WatchState.Changed, await ReadAsync(watcher));
            Assert.True(watcher.TryHold());
            Assert.True(watcher.TryHold());
        }

        Assert.InRange(account.Bytes, ValueBytes, ValueBytes + 1000);
        Assert.Equal(WatchState.Silent, every.Read());
        Assert.InRange(account.Bytes, ValueBytes, ValueBytes + 1000);
        key.Dispose();
        key.Dispose();
        Assert.Equal(0, account.Bytes);
    }

    [Fact]
    public async Task TryHold_AccountFull_ChargesNothing()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { WatchesBytesMax = ValueBytes });
        var account = store.Memory.Watches;
        using var watcher = store.TryWatch(EveryKey, 0)!;
        await store.CommitAsync(Some.Put("k", new string('v', ValueBytes)));
        Assert.Equal(WatchState.Changed, await ReadAsync(watcher));
        Assert.False(watcher.TryHold());
        Assert.Equal((0, 1), (account.Bytes, account.Refusals));
        Assert.Equal(WatchState.Silent, watcher.Read());
    }

    // The commits share its array, and a watcher that waits for its client may hold many.
    [Fact]
    public async Task TryHold_ExtensionsOfOneValue_ChargesTheValueOnce()
    {
        await using var store = await Stores.StartAsync();
        var created = (await store.CommitAsync(new Put(Some.Key("m"), new byte[ValueBytes], Entry.MergeableContentType) { IsRewrite = true })).Revision;
        await store.CommitAsync(new Extend(Some.Key("m"), created, ValueBytes, new byte[1]));
        var from = store.Latest.Revision;
        for (var i = 1; i <= 50; i++)
            await store.CommitAsync(new Extend(Some.Key("m"), created, ValueBytes + i, new byte[1]));
        var watchers = Enumerable.Range(0, 50).Select(i => store.TryWatch(EveryKey, from + i)!).ToArray();
        foreach (var watcher in watchers)
        {
            Assert.Equal(WatchState.Changed, await ReadAsync(watcher));
            Assert.True(watcher.TryHold());
        }

        Assert.InRange(store.Memory.Watches.Bytes, ValueBytes, 2 * ValueBytes);
        foreach (var watcher in watchers[..49])
            watcher.Dispose();
        Assert.InRange(store.Memory.Watches.Bytes, ValueBytes, 2 * ValueBytes);
        watchers[49].Dispose();
        Assert.Equal(0, store.Memory.Watches.Bytes);
    }

    // What is deleted by prefix has no change for each entry, and may be most of the store.
    [Fact]
    public async Task TryHold_DeletedPrefix_IsCharged()
    {
        await using var store = await Stores.StartAsync();
        for (var i = 0; i < 10; i++)
            await store.CommitAsync(Some.Put($"p/{i}", new string('v', ValueBytes)));
        using var watcher = store.TryWatch(EveryKey, store.Latest.Revision)!;
        await store.CommitAsync(new DeletePrefix(Some.Bytes("p/"), 100) { ChangesMax = 0 });
        Assert.Equal(WatchState.Changed, await ReadAsync(watcher));
        Assert.True(watcher.TryHold());
        Assert.InRange(store.Memory.Watches.Bytes, 10 * ValueBytes, 11 * ValueBytes);
    }

    [Fact]
    public async Task Watchers_ReadEncodeAndLeaveAtRandom_ReturnToZero()
    {
        var seed = Seed.NewRandom().Next();
        await using var store = await Stores.StartAsync(new StoreOptions { WatchesBytesMax = 20 * ValueBytes, HistoryCommitsMax = 50, WatchRestMax = TimeSpan.Zero });
        var account = store.Memory.Watches;
        SizedEncoder[] encoders = [new(ValueBytes), new(1000)];
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var watching = Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            var random = new Random(seed + number);
            while (!stopping.IsCancellationRequested)
            {
                using var watcher = store.TryWatch(random.Next(2) == 0 ? EveryKey : WatchFilter.OfPrefix(Some.Bytes("k")), store.Latest.Revision)!;
                for (var reads = random.Next(20); reads > 0 && watcher.Read() is WatchState.Changed or WatchState.Silent; reads--)
                {
                    if (watcher.Commits.Count > 0)
                        watcher.TryEncode(encoders[random.Next(2)], out _);
                    if (random.Next(3) == 0)
                        watcher.TryHold();
                    await Task.Yield();
                    Assert.InRange(account.Bytes, 0, account.BytesMax);
                }
            }
        }, Token)).ToArray();

        // On a busy machine the watchers begin late.
        for (var i = 0; i < 500 || (account.PeakBytes == 0 && i < 100_000); i++)
            await store.CommitAsync(Some.Put($"k{i % 10}", new string('v', i % 7 == 0 ? ValueBytes : 10)));
        await stopping.CancelAsync();
        await Task.WhenAll(watching);
        Assert.NotEqual(0, account.PeakBytes);
        Assert.Equal(0, account.Bytes);
    }

    private static Task<WatchState> ReadAsync(Watcher watcher) => watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within();

    private sealed class SizedEncoder(int bytes) : IWatchEncoder
    {
        private int _calls;

        public int Calls => _calls;

        public bool TryEncode(ReadOnlySpan<Commit> commits, WatchFilter filter, out ReadOnlyMemory<byte> encoding)
        {
            Interlocked.Increment(ref _calls);
            encoding = new byte[bytes];
            return true;
        }
    }
}
