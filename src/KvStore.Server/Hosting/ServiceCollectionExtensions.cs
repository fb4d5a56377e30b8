using KvStore.Server.Http;
using KvStore.Server.Logging;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace KvStore.Server.Hosting;

/// <summary>Opens what makes commits durable. The store that is made on it disposes of it.</summary>
internal delegate ICommitLog OpenCommitLog();

/// <summary>What the service is made of.</summary>
internal static class ServiceCollectionExtensions
{
    /// <summary>Adds the options, the store, the web server's limits, and what observes requests.</summary>
    public static IServiceCollection AddKvStore(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => KvStoreSettings.Read(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<ExitCode>();
        services.AddSingleton<ServiceClock>();

        services.AddSingleton<OpenCommitLog>(provider => () => new MemoryCommitLog(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new Store(
            provider.GetRequiredService<OpenCommitLog>()(),
            provider.GetRequiredService<KvStoreOptions>().Store,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Reads>();
        services.AddHostedService<StoreHostedService>();

        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelSetup>();
        services.AddOptions<HostOptions>().Configure<KvStoreOptions>((host, options) => host.ShutdownTimeout = options.ShutdownTimeout);
        services.AddSingleton<RequestLog>();
        services.AddSingleton<RejectedRequests>();
        return services;
    }
}
