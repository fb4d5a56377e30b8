using System.Net;
using KvStore.Extensions.DependencyInjection;
using KvStore.Extensions.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KvStore.Extensions.Tests;

/// <summary>What the health check says of the store.</summary>
public sealed class HealthCheckTests(Service service)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_StoreAnswers_IsHealthy()
    {
        var key = Service.NewPrefix() + "health";
        var report = await CheckAsync(services => services.AddKvStoreClient(service.Address), options => (options.Key, options.DegradedAfter, options.Timeout) = (key, Soon.Patience, Soon.Patience));
        Assert.Equal(HealthStatus.Healthy, report.Status);
        Assert.True((double)report.Data["milliseconds"] > 0);
        Assert.False(await service.Client.ExistsAsync(key, cancellationToken: Token));

        report = await CheckAsync(services => services.AddKvStoreClient("health", settings => settings.Address = service.Address), options => (options.Key, options.Writes, options.ClientName, options.DegradedAfter, options.Timeout) = (key, true, "health", Soon.Patience, Soon.Patience));
        Assert.Equal(HealthStatus.Healthy, report.Status);
        Assert.NotNull((await service.Client.GetMetadataAsync(key, cancellationToken: Token))!.ExpiresAt);
    }

    [Fact]
    public async Task Check_Slow_IsDegraded()
    {
        var report = await CheckAsync(services => services.AddKvStoreClient(service.Address), options => (options.DegradedAfter, options.Timeout) = (TimeSpan.Zero, Soon.Patience));
        Assert.Equal(HealthStatus.Degraded, report.Status);
    }

    [Fact]
    public async Task Check_Failure_HasTheStatusOfTheRegistration()
    {
        var fake = new FakeClient { Failure = new KvStoreException("The disk is full.", HttpStatusCode.InsufficientStorage, KvOutcome.NotApplied) };
        var report = await CheckAsync(services => services.AddSingleton<IKvStoreClient>(fake), _ => { });
        Assert.Equal((HealthStatus.Unhealthy, "The disk is full."), (report.Status, report.Description));
        report = await CheckAsync(services => services.AddSingleton<IKvStoreClient>(fake), _ => { }, HealthStatus.Degraded);
        Assert.Equal(HealthStatus.Degraded, report.Status);
    }

    // The client would try for 100 seconds.
    [Fact]
    public async Task Check_NoAnswer_FailsAfterItsOwnTimeout()
    {
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var address = new Uri($"http://{silent.LocalEndpoint}");
        var report = await CheckAsync(services => services.AddKvStoreClient(address), options => options.Timeout = TimeSpan.FromMilliseconds(100));
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Contains("did not answer", report.Description, StringComparison.Ordinal);
    }

    private static async Task<HealthReportEntry> CheckAsync(Action<IServiceCollection> client, Action<KvStoreHealthCheckOptions> configure, HealthStatus? failureStatus = null)
    {
        var services = new ServiceCollection();
        client(services);
        services.AddLogging().AddHealthChecks().AddKvStore(configure: configure, failureStatus: failureStatus, tags: ["ready"]);
        await using var provider = services.BuildServiceProvider();
        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains("ready"), Token).Within();
        return report.Entries["kvstore"];
    }
}
