namespace KvStore.Server;

/// <summary>Starts the workers of origins with the service, and stops them after the web server and before the store.</summary>
internal sealed class OriginHostedService(ServedOrigins origins, OriginInstruments instruments) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        instruments.Observe();
        return Task.CompletedTask;
    }

    // No request waits for a load any more, so a slow origin does not hold up the end.
    public Task StopAsync(CancellationToken cancellationToken) => origins.StopAsync();
}
