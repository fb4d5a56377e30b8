using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KvStore.Extensions.Caching;

/// <summary>Registers the cache.</summary>
public static class KvStoreCacheServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="IDistributedCache"/> on the registered <see cref="IKvStoreClient"/>, as a singleton. HybridCache uses it as its second level.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the defaults; null for none.</param>
    public static IServiceCollection AddKvStoreCache(this IServiceCollection services, Action<KvStoreCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<KvStoreCacheOptions>()
            .Configure(configure ?? (_ => { }))
            .Validate(options => !string.IsNullOrEmpty(options.KeyPrefix), $"{nameof(KvStoreCacheOptions)}: {nameof(KvStoreCacheOptions.KeyPrefix)} must not be empty.")
            .Validate(options => options.SlidingSlack is >= 0 and <= 1, $"{nameof(KvStoreCacheOptions)}: {nameof(KvStoreCacheOptions.SlidingSlack)} must be 0 to 1.")
            .Validate(
                options => options.DefaultLifetime is null || options.DefaultLifetime > TimeSpan.Zero, $"{nameof(KvStoreCacheOptions)}: {nameof(KvStoreCacheOptions.DefaultLifetime)} must be longer than 0.")
            .ValidateOnStart();
        services.RemoveAll<IDistributedCache>();
        services.AddSingleton<IDistributedCache>(NewCache);
        return services;
    }

    private static KvStoreCache NewCache(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<KvStoreCacheOptions>>().Value;
        var client = options.ClientName is { } name ? provider.GetRequiredKeyedService<IKvStoreClient>(name) : provider.GetRequiredService<IKvStoreClient>();
        return new KvStoreCache(client, options, provider.GetService<TimeProvider>());
    }
}
