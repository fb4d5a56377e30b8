using KvStore.Extensions.Caching;
using KvStore.Extensions.DependencyInjection;
using Microsoft.Extensions.Caching.Hybrid;

namespace KvStore.Extensions.Tests;

/// <summary>HybridCache with the store as its second level.</summary>
public sealed class HybridCacheTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stampede_OnOneKey_RunsTheFactoryOnce()
    {
        await using var provider = NewProvider();
        var cache = provider.GetRequiredService<HybridCache>();
        var gate = new TaskCompletionSource();
        var runs = 0;
        var callers = Enumerable.Range(0, 50).Select(_ => cache.GetOrCreateAsync("key", CreateAsync, cancellationToken: Token).AsTask()).ToArray();
        gate.SetResult();
        Assert.All(await Task.WhenAll(callers).Within(), value => Assert.Equal("value 1", value));
        Assert.Equal(1, runs);

        async ValueTask<string> CreateAsync(CancellationToken token)
        {
            await gate.Task.WaitAsync(token);
            return $"value {Interlocked.Increment(ref runs)}";
        }
    }

    [Fact]
    public async Task SecondProcess_ReadsWhatTheFirstStored()
    {
        await using (var first = NewProvider())
        {
            // It writes to the second level in the background.
            Assert.Equal("first", await first.GetRequiredService<HybridCache>().GetOrCreateAsync("key", _ => ValueTask.FromResult("first"), cancellationToken: Token));
            await Soon.UntilAsync(async () => await service.Client.ExistsAsync(_prefix + "key", cancellationToken: Token));
        }

        await using var second = NewProvider();
        var cache = second.GetRequiredService<HybridCache>();
        Assert.Equal("first", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("second"), cancellationToken: Token));

        await cache.RemoveAsync("key", Token);
        Assert.False(await service.Client.ExistsAsync(_prefix + "key", cancellationToken: Token));
        Assert.Equal("third", await cache.GetOrCreateAsync("key", _ => ValueTask.FromResult("third"), cancellationToken: Token));
    }

    [Fact]
    public async Task StoreAway_RunsTheFactory()
    {
        var services = new ServiceCollection();
        services.AddKvStoreClient("cache", settings => (settings.Address, settings.RetriesMax) = (new Uri("http://127.0.0.1:1"), 0));
        services.AddKvStoreCache(options => options.ClientName = "cache");
        services.AddHybridCache();
        await using var provider = services.BuildServiceProvider();
        Assert.Equal("value", await provider.GetRequiredService<HybridCache>().GetOrCreateAsync("key", _ => ValueTask.FromResult("value"), cancellationToken: Token));
    }

    [Fact]
    public void Options_Wrong_AreNamedAtStart()
    {
        var services = new ServiceCollection();
        services.AddKvStoreCache(options => (options.KeyPrefix, options.SlidingSlack, options.DefaultLifetime) = ("", 2, TimeSpan.Zero));
        using var provider = services.BuildServiceProvider();
        var failure = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => provider.GetRequiredService<Microsoft.Extensions.Options.IStartupValidator>().Validate());
        Assert.Equal(3, failure.Failures.Count());
    }

    private ServiceProvider NewProvider()
    {
        var services = new ServiceCollection();
        services.AddKvStoreClient(service.Address);
        services.AddKvStoreCache(options => options.KeyPrefix = _prefix);
        services.AddHybridCache();
        return services.BuildServiceProvider();
    }
}
