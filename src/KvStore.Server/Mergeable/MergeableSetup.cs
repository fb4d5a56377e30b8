using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>Registers what serves mergeable values.</summary>
internal static class MergeableSetup
{
    public static IServiceCollection AddMergeableValues(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<KvStoreOptions>();
            return new MergeableValues(
                provider.GetRequiredService<Store>(),
                new MergeableOptions { ReplicaRetention = options.CrdtReplicaRetention, ValueBytesMax = options.ValueBytesMax },
                provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<MergeableWatch>();
        return services;
    }
}
