using KvStore.Origins;

namespace KvStore.Server;

/// <summary>
/// Starts the workers of origins with the service, and stops them after the web server and before the store. Ends writes that an earlier start left, and the process if writes that an origin has yet to get would never be
/// delivered by these settings.
/// </summary>
internal sealed class OriginHostedService(
    ServedOrigins origins, OriginTable table, OriginInstruments instruments, Store store, IHostApplicationLifetime lifetime, ExitCode exitCode, ILogger<OriginHostedService> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        instruments.Observe();
        var checking = CheckAsync();

        // A store that has loaded is checked before the web server listens.
        if (store.Loaded.IsCompleted)
            await checking;
    }

    // No request waits for a load any more, so a slow origin does not hold up the end.
    public Task StopAsync(CancellationToken cancellationToken) => origins.StopAsync(cancellationToken);

    private async Task CheckAsync()
    {
        await store.Loaded;
        if (store.State != StoreState.Running)
            return;
        if (OutboxMarks.FindOrphan(store.Latest, table) is not { } problem)
        {
            if (WriteMarks.EndLeftover(store.Latest, table) is { } leftover)
                await store.SubmitAsync(leftover);
            return;
        }

        exitCode.Value = ExitCodes.InvalidSettings;
        exitCode.Reason = $"KvStore cannot start: {problem}";
        logger.DataUnusable(problem);
        lifetime.StopApplication();
    }
}
