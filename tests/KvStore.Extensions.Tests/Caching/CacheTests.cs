using System.Buffers;
using KvStore.Extensions.Caching;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace KvStore.Extensions.Tests;

/// <summary>What the contract of a distributed cache documents, of this one and of Microsoft's in memory, which has to agree.</summary>
public sealed class CacheTests(Service service)
{
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(2);
    private static readonly byte[] Value = [0, 1, 255];
    private static readonly DistributedCacheEntryOptions Forever = new();

    private readonly string _prefix = Service.NewPrefix();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    public static TheoryData<string> Caches => ["kvstore", "memory"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Get_Absent_IsNull(string name)
    {
        var cache = NewCache(name);
        Assert.Null(cache.Get("key"));
        Assert.Null(await cache.GetAsync("key", Token));
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Set_ThenGet_ReturnsTheBytes(string name)
    {
        var cache = NewCache(name);
        await cache.SetAsync("key", Value, Forever, Token);
        Assert.Equal(Value, await cache.GetAsync("key", Token));
        Assert.Equal(Value, cache.Get("key"));
        cache.Set("key", [], Forever);
        Assert.Empty((await cache.GetAsync("key", Token))!);
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Keys_AreCaseSensitiveAndOfAnyLength(string name)
    {
        var cache = NewCache(name);
        string[] keys = ["a", "A", "a b/\u00E4?#%2F", new('x', 3000), new string('x', 3000) + "y"];
        foreach (var key in keys)
            await cache.SetStringAsync(key, key, Token);
        foreach (var key in keys)
            Assert.Equal(key, await cache.GetStringAsync(key, Token));
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Remove_ThenGet_IsNull(string name)
    {
        var cache = NewCache(name);
        await cache.SetAsync("key", Value, Forever, Token);
        cache.Remove("key");
        Assert.Null(await cache.GetAsync("key", Token));
        await cache.RemoveAsync("key", Token);
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Refresh_Absent_DoesNothing(string name)
    {
        var cache = NewCache(name);
        cache.Refresh("key");
        await cache.RefreshAsync("key", Token);
        Assert.Null(await cache.GetAsync("key", Token));
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Arguments_Null_AreRejected(string name)
    {
        var cache = NewCache(name);
        Assert.Throws<ArgumentNullException>(() => cache.Get(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.GetAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.SetAsync(null!, Value, Forever, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.SetAsync("key", null!, Forever, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.SetAsync("key", Value, null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.RefreshAsync(null!, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.RemoveAsync(null!, Token));
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Absolute_InThePast_IsNeverRead(string name)
    {
        var cache = NewCache(name);
        var past = new DistributedCacheEntryOptions { AbsoluteExpiration = _time.GetUtcNow() - TimeSpan.FromMinutes(1) };

        // Microsoft's in memory stores what has expired, and the one on Redis throws.
        if (name == "memory")
            await cache.SetAsync("key", Value, past, Token);
        else
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => cache.SetAsync("key", Value, past, Token));
        Assert.Null(await cache.GetAsync("key", Token));
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Absolute_Reached_Ends(string name)
    {
        var cache = NewCache(name);
        await cache.SetAsync("at", Value, new DistributedCacheEntryOptions { AbsoluteExpiration = _time.GetUtcNow() + TimeSpan.FromMinutes(10) }, Token);
        await cache.SetAsync("after", Value, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(10) }, Token);
        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(2));
        Assert.Equal(Value, await cache.GetAsync("at", Token));
        Assert.Equal(Value, await cache.GetAsync("after", Token));
        _time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Null(await cache.GetAsync("at", Token));
        Assert.Null(await cache.GetAsync("after", Token));
    }

    // In the time of the store: only it knows when an entry was used last.
    [Fact]
    public async Task Sliding_Unused_IsDeletedByTheStore()
    {
        var cache = NewCache("kvstore");
        await cache.SetAsync("key", Value, new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(1) }, Token);
        await Soon.UntilAsync(async () => !await service.Client.ExistsAsync(_prefix + "key", cancellationToken: Token));
        Assert.Null(await cache.GetAsync("key", Token));
    }

    [Fact]
    public async Task Sliding_Used_IsRenewedOnceTheSlackIsUsedUp()
    {
        var cache = NewCache("kvstore");
        var sliding = TimeSpan.FromMinutes(10);
        await cache.SetAsync("key", Value, new DistributedCacheEntryOptions { SlidingExpiration = sliding }, Token);
        var written = await MetadataAsync();
        Assert.InRange(written.TimeToLive!.Value, sliding * 1.05, (sliding * 1.1) + Rounding);

        // Nothing is written while the entry has as long to live as a use gives it.
        await cache.GetAsync("key", Token);
        await cache.RefreshAsync("key", Token);
        Assert.Equal(written.Revision, (await MetadataAsync()).Revision);

        foreach (var use in new Func<Task>[] { () => cache.GetAsync("key", Token), () => cache.RefreshAsync("key", Token), () => Task.Run(() => cache.Get("key"), Token) })
        {
            await service.Client.TouchAsync(_prefix + "key", TimeSpan.FromMinutes(5), cancellationToken: Token);
            await use();
            Assert.InRange((await MetadataAsync()).TimeToLive!.Value, sliding * 1.05, (sliding * 1.1) + Rounding);
        }

        Assert.Equal(Value, (await service.Client.GetAsync(_prefix + "key", cancellationToken: Token))!.Value.ToArray());
    }

    [Fact]
    public async Task Sliding_WithAbsolute_NeverOutlastsIt()
    {
        var cache = NewCache("kvstore");
        var options = new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(10), AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(15) };
        await cache.SetAsync("key", Value, options, Token);
        _time.Advance(TimeSpan.FromMinutes(9));
        await service.Client.TouchAsync(_prefix + "key", TimeSpan.FromMinutes(1), cancellationToken: Token);
        Assert.Equal(Value, await cache.GetAsync("key", Token));
        var entry = await MetadataAsync();
        Assert.InRange(entry.TimeToLive!.Value, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6) + Rounding);

        // What is left of the absolute time cannot be renewed, so nothing is written.
        _time.Advance(TimeSpan.FromMinutes(1));
        await cache.GetAsync("key", Token);
        Assert.Equal(entry.Revision, (await MetadataAsync()).Revision);
        _time.Advance(TimeSpan.FromMinutes(7));
        Assert.Null(await cache.GetAsync("key", Token));
    }

    [Fact]
    public async Task NoExpiration_HasTheDefaultLifetime()
    {
        await NewCache("kvstore").SetAsync("key", Value, Forever, Token);
        Assert.Null((await MetadataAsync()).ExpiresAt);
        var cache = new KvStoreCache(service.Client, new KvStoreCacheOptions { KeyPrefix = _prefix, DefaultLifetime = TimeSpan.FromHours(1) }, _time);
        await cache.SetAsync("key", Value, Forever, Token);
        Assert.InRange((await MetadataAsync()).TimeToLive!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60) + Rounding);
    }

    [Fact]
    public async Task Buffers_AreReadAndWritten()
    {
        var cache = (IBufferDistributedCache)NewCache("kvstore");
        var first = new Segment(new byte[] { 1, 2 });
        var last = first.Append(new byte[] { 3 });
        await cache.SetAsync("key", new ReadOnlySequence<byte>(first, 0, last, 1), Forever, Token);
        cache.Set("single", new ReadOnlySequence<byte>(Value), Forever);

        var read = new ArrayBufferWriter<byte>();
        Assert.True(await cache.TryGetAsync("key", read, Token));
        Assert.True(cache.TryGet("single", read));
        Assert.False(await cache.TryGetAsync("absent", read, Token));
        Assert.False(cache.TryGet("absent", read));
        Assert.Equal([1, 2, 3, .. Value], read.WrittenSpan.ToArray());
    }

    [Fact]
    public async Task Store_Away_IsAnException()
    {
        using var client = new KvStoreClient(new Uri("http://127.0.0.1:1"), new KvStoreClientOptions { RetriesMax = 0 });
        await Assert.ThrowsAsync<KvStoreException>(() => new KvStoreCache(client).GetAsync("key", Token));
        Assert.Throws<KvStoreException>(() => new KvStoreCache(client).Get("key"));
    }

    private IDistributedCache NewCache(string name) => name == "memory"
        ? new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions { Clock = new Clock(_time) }))
        : new KvStoreCache(service.Client, new KvStoreCacheOptions { KeyPrefix = _prefix }, _time);

    private async Task<KvEntry> MetadataAsync() => (await service.Client.GetMetadataAsync(_prefix + "key", cancellationToken: Token))!;

#pragma warning disable CS0618 // The memory cache has no other clock.
    private sealed class Clock(TimeProvider time) : Microsoft.Extensions.Internal.ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
#pragma warning restore CS0618

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
