using KvStore.Server.Logging;

namespace KvStore.Server.Hosting;

/// <summary>
/// Starts the store before the web server and stops it after the web server, so no request meets a store that is not
/// started, and every write that a request got admitted is decided. Ends the process when the store fails.
/// </summary>
/// <remarks>
/// The order is the order of registration, reversed for stopping; it is usual rather than promised, so a test holds it.
/// Not a BackgroundService, because one that is stopped right after it was started may never have run its work.
/// </remarks>
internal sealed class StoreHostedService(
    Store store, KvStoreOptions options, IHostApplicationLifetime lifetime, ExitCode exitCode, ILogger<StoreHostedService> logger) : IHostedService
{
    // A small store is ready before the first request can come; a large one goes on loading while /readyz says so.
    private static readonly TimeSpan LoadWaitMax = TimeSpan.FromSeconds(1);

    // Admitted writes get this much even if requests in flight used up the whole shutdown timeout.
    private static readonly TimeSpan DrainWaitMin = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options is { Engine: "memory", Data: { } data })
            logger.DataIsNotUsed(data);

        // Watches last until somebody ends them, and the web server would wait for them.
        lifetime.ApplicationStopping.Register(store.StopWatchers);
        store.Start();
        _ = WatchAsync();
        await store.Loaded.WaitAsync(LoadWaitMax, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // The token may be cancelled already, when requests in flight did not end in time. That is no reason to leave
        // admitted writes undecided, nor to throw, which would turn an orderly stop into a failure.
        using var enough = new CancellationTokenSource(DrainWaitMin);
        await store.StopAsync(enough.Token).ConfigureAwait(false);
        if (!store.Completion.IsCompleted)
            await store.StopAsync(cancellationToken).ConfigureAwait(false);
        if (!store.Completion.IsCompleted)
        {
            logger.WritesUndecided(store.QueuedOperations);
            exitCode.Value = ExitCodes.StoreFailed;
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            await store.Completion.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            exitCode.Value = ExitCodes.StoreFailed;
            logger.StoreFailed(exception);
            lifetime.StopApplication();
        }
    }
}
