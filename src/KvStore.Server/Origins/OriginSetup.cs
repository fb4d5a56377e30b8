using KvStore.Origins;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KvStore.Server;

/// <summary>Registers what serves origins. After the store, so that loads end before it stops.</summary>
internal static class OriginSetup
{
    public static IServiceCollection AddOrigins(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<KvStoreOptions>();
            var origins = KvStoreSettings.ReadOrigins(provider.GetRequiredService<IConfiguration>(), options);
            var time = provider.GetRequiredService<TimeProvider>();
            return new OriginTable([.. origins.Select(origin => new OriginState(origin, CommitWaitMax(options), time))]);
        });
        services.TryAddSingleton<OpenOriginSource>(provider => (options, journal) =>
        {
            var (bytesMax, time) = (provider.GetRequiredService<KvStoreOptions>().ValueBytesMax, provider.GetRequiredService<TimeProvider>());
            if (!options.HasSource)
                return new NoSource();
            return options.Sql is null ? new HttpOriginSource(options, bytesMax, journal, time) : new SqlOriginSource(options, bytesMax, journal, time);
        });
        services.AddSingleton<ServedOrigins>();
        services.AddSingleton<KeyWrites>();
        services.AddSingleton<OriginReads>();
        services.AddSingleton<OriginFanOut>();
        services.AddSingleton<OriginInstruments>();
        services.AddHostedService<OriginHostedService>();
        return services;
    }

    /// <summary>What the store shows every transaction; null without origins.</summary>
    public static ITransactionInterceptor? InterceptorOf(IServiceProvider provider) =>
        provider.GetRequiredService<OriginTable>() is { All.Count: > 0 } origins ? new OriginInterceptor(origins) : null;

    // In the queue, and then in the log.
    private static TimeSpan CommitWaitMax(KvStoreOptions options) => options.Store.QueueWaitMax + options.Store.DeliveryWaitMax + options.EtcdTimeout;
}
