namespace KvStore.Tests;

/// <summary>Encodings of batches, which the watchers of the same keys share.</summary>
public class WatchEncodingTests
{
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryEncode_SameKeysSameEncoder_EncodesOnce()
    {
        var encoder = new CountingEncoder();
        await using var store = await Stores.StartAsync();
        using var one = store.TryWatch(EveryKey, 0)!;
        using var other = store.TryWatch(EveryKey, 0)!;
        await store.CommitAsync(Some.Put("k"));

        var encoding = await EncodeAsync(one, encoder);
        Assert.Equal(encoding, await EncodeAsync(other, encoder));
        Assert.Equal(encoding, await EncodeAsync(one, encoder));
        Assert.Equal(1, encoder.Calls);
    }

    [Fact]
    public async Task TryEncode_TwoEncoders_EachGetsItsOwnEncoding()
    {
        var (first, second) = (new CountingEncoder(), new CountingEncoder());
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(EveryKey, 0)!;
        await store.CommitAsync(Some.Put("k"));

        var encoding = await EncodeAsync(watcher, first);
        Assert.NotEqual(encoding, await EncodeAsync(watcher, second));
        Assert.Equal(encoding, await EncodeAsync(watcher, first));
        Assert.Equal((1, 1), (first.Calls, second.Calls));
    }

    [Fact]
    public async Task TryEncode_OtherKeys_GetsTheFilterOfTheWatcher()
    {
        var encoder = new CountingEncoder();
        await using var store = await Stores.StartAsync();
        using var every = store.TryWatch(EveryKey, 0)!;
        using var one = store.TryWatch(WatchFilter.OfKey(Some.Key("k1")), 0)!;
        await store.CommitAsync(Some.Put("k1"), Some.Put("k2"));

        await EncodeAsync(every, encoder);
        Assert.Equal(2, encoder.LastChanges);
        await EncodeAsync(one, encoder);
        Assert.Equal((2, 1), (encoder.Calls, encoder.LastChanges));
    }

    [Fact]
    public async Task TryEncode_Rejected_IsNotAskedAgain()
    {
        var encoder = new CountingEncoder { Rejects = true };
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(EveryKey, 0)!;
        await store.CommitAsync(Some.Put("k"));
        Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.False(watcher.TryEncode(encoder, out _));

        encoder.Rejects = false;
        Assert.False(watcher.TryEncode(encoder, out _));
        Assert.Equal(1, encoder.Calls);
    }

    [Fact]
    public async Task TryEncode_NothingRead_Throws()
    {
        await using var store = await Stores.StartAsync();
        using var watcher = store.TryWatch(EveryKey, 0)!;
        Assert.Equal(WatchState.Silent, watcher.Read());
        Assert.Throws<InvalidOperationException>(() => watcher.TryEncode(new CountingEncoder(), out _));
    }

    private static async Task<ReadOnlyMemory<byte>> EncodeAsync(Watcher watcher, CountingEncoder encoder)
    {
        if (watcher.Commits.Count == 0)
            Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask().Within());
        Assert.True(watcher.TryEncode(encoder, out var encoding));
        return encoding;
    }

    private sealed class CountingEncoder : IWatchEncoder
    {
        public int Calls { get; private set; }

        public int LastChanges { get; private set; }

        public bool Rejects { get; set; }

        public bool TryEncode(ReadOnlySpan<Commit> commits, WatchFilter filter, out ReadOnlyMemory<byte> encoding)
        {
            Calls++;
            LastChanges = 0;
            foreach (var commit in commits)
                LastChanges += filter.CountIn(commit);
            encoding = Guid.NewGuid().ToByteArray();
            return !Rejects;
        }
    }
}
