using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace KvStore.Server;

/// <summary>Registers the parts of the service.</summary>
internal static class ServiceCollectionExtensions
{
    /// <summary>Adds the options, the store, the web server's limits, and logs and metrics of requests.</summary>
    public static IServiceCollection AddKvStore(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => KvStoreSettings.Read(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<ExitCode>();
        services.AddSingleton<ServiceClock>();
        services.AddSingleton<ServiceStatusReader>();
        services.AddSingleton<ServiceInstruments>();

        services.AddSingleton(provider => new StoreMetrics(provider.GetRequiredService<IMeterFactory>().Create(StoreMetrics.MeterName)));
        services.AddSingleton<DiskLogReports>();
        services.AddSingleton<EtcdLogReports>();
        services.TryAddSingleton<OpenCommitLog>(provider => () => Engine.Open(
            provider.GetRequiredService<KvStoreOptions>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<DiskLogReports>(), provider.GetRequiredService<StoreMetrics>()));
        services.AddSingleton(provider => new Engine(provider.GetRequiredService<OpenCommitLog>()()));
        services.AddSingleton(provider => new Store(
            provider.GetRequiredService<Engine>().Log,
            provider.GetRequiredService<KvStoreOptions>().Store,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<StoreMetrics>(),
            OriginSetup.InterceptorOf(provider)));
        services.AddSingleton<StoreIdHeader>();
        services.AddSingleton<Reads>();
        services.AddSingleton<StreamedReads>();
        services.AddSingleton<RequestBodies>();
        services.AddSingleton<LargeAnswers>();
        services.AddSingleton<LongPoll>();
        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHostedService<StoreHostedService>();
        services.AddOrigins();
        services.AddMergeableValues();
        services.AddRegions();

        services.AddSingleton(provider => ConnectionLimits.Of(provider.GetRequiredService<KvStoreOptions>(), DescriptorLimit.Raise()));
        services.AddSingleton<ConnectionGates>();
        services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>, ConnectionMemory>());
        services.AddSingleton<OperationsEndPoints>();
        services.AddSingleton<ServerCertificates>();
        services.AddSingleton<Clients>();
        services.AddSingleton<ConnectionLog>();
        services.AddSingleton<IConnectionListenerFactory, BoundedListenerFactory>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelSetup>();
        services.AddSingleton<IConfigureOptions<SocketTransportOptions>, KestrelSetup>();
        services.AddOptions<HostOptions>().Configure<KvStoreOptions>((host, options) => host.ShutdownTimeout = options.DrainTime + options.ShutdownTimeout);

        // For each request the framework would search its endpoint for demands on the pipeline that no endpoint has (AccessPipeline.RequireRights).
        services.Configure<RouteOptions>(routes => routes.SuppressCheckForUnhandledSecurityMetadata = true);
        services.AddSingleton<RequestMetrics>();
        services.AddSingleton<RequestLog>();
        services.AddSingleton<RejectedRequests>();
        services.AddCors();
        services.AddSingleton(provider => new AllowedHosts(
            provider.GetRequiredService<KvStoreOptions>().AllowedHosts, AddressSettings.Configured(provider.GetRequiredService<IConfiguration>())));
        services.AddSingleton(provider => new BrowserRules(
            provider.GetRequiredService<AllowedHosts>(), provider.GetRequiredService<AllowedOrigins>(), ProtectedMode.RejectsForwarded(provider.GetRequiredService<IConfiguration>())));
        services.AddSingleton(provider => new AllowedOrigins(provider.GetRequiredService<KvStoreOptions>().AllowedOrigins));
        return services;
    }
}
