using KvStore.Storage;

namespace KvStore.Server;

/// <summary>
/// Starts the store before the web server and stops it after the web server, so that no request meets a store that is not
/// started, and every admitted write is decided. Ends the process when the store fails.
/// </summary>
/// <remarks>
/// The order is that of registration, reversed for stopping; the framework does not promise it, so a test asserts it.
/// Not a BackgroundService, because one that is stopped right after its start may never run.
/// </remarks>
internal sealed class StoreHostedService(
    Store store, Engine engine, KvStoreOptions options, TimeProvider time,
    IHostApplicationLifetime lifetime, Drain drain, ExitCode exitCode, ILogger<StoreHostedService> logger) : IHostedService
{
    // A small store is ready before the first request arrives; a large one keeps loading, and /readyz reports it.
    private static readonly TimeSpan LoadWaitMax = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LoadReportInterval = TimeSpan.FromSeconds(5);

    // Admitted writes get this much even if requests in flight used the whole shutdown timeout.
    private static readonly TimeSpan DrainWaitMin = TimeSpan.FromMilliseconds(500);

    // A log that keeps its commits elsewhere gets this much to answer without that place.
    private static readonly TimeSpan HurryWaitMax = TimeSpan.FromMilliseconds(250);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Engine == KvStoreOptions.MemoryEngine && options.Data != KvStoreOptions.DataDefault)
            logger.DataIsNotUsed(options.Data);

        // Otherwise a stop would wait for open watches.
        drain.Ended.Register(store.StopWatchers);
        store.Start();
        var ending = EndWithStoreAsync();
        if (engine.Disk is { } log)
            _ = ReportLoadingAsync(log);
        await store.Loaded.WaitAsync(LoadWaitMax, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // After this, a service that cannot use its data is stopping, and so does not listen.
        if (store.State == StoreState.Failed)
            await ending.ConfigureAwait(false);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // The token is already cancelled if requests in flight exceeded the timeout. Admitted writes are decided all the same,
        // and throwing would turn an orderly stop into a failure.
        using var drainWait = new CancellationTokenSource(DrainWaitMin);
        var stopping = store.StopAsync(CancellationToken.None);
        await stopping.WaitAsync(drainWait.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stopping.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stopping.IsCompleted && store.Connection is not null)
        {
            await store.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            await stopping.WaitAsync(HurryWaitMax, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!store.Completion.IsCompleted)
        {
            logger.WritesUndecided(store.QueuedOperations);
            exitCode.Value = ExitCodes.StoreFailed;
            return;
        }

        await CloseLogAsync(drainWait.Token, cancellationToken).ConfigureAwait(false);
    }

    // Not left to the disposal of services, which has only half a second.
    private async Task CloseLogAsync(CancellationToken drainWait, CancellationToken cancellationToken)
    {
        var closing = store.DisposeAsync().AsTask();
        await closing.WaitAsync(drainWait).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await closing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!closing.IsCompleted)
            logger.LogNotClosed();
        if (engine.ClosedReason is not null)
            exitCode.Value = ExitCodes.StoreFailed;
    }

    private async Task ReportLoadingAsync(DiskCommitLog log)
    {
        logger.Loading(Path.GetFullPath(options.Data));
        while (true)
        {
            await store.Loaded.WaitAsync(LoadReportInterval, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (store.Loaded.IsCompleted)
                break;
            var status = log.Status;
            logger.StillLoading(status.LoadedBytes, status.LoadBytes);
        }

        // Started all the same: nothing that was acknowledged may be lost, and deletions make room.
        var entries = store.Memory.Entries;
        if (entries.Bytes > entries.BytesMax)
            logger.EntriesExceedMemory(entries.Bytes, entries.BytesMax);
    }

    private async Task EndWithStoreAsync()
    {
        await store.Loaded.ConfigureAwait(false);
        var hasServed = store.State != StoreState.Failed;
        try
        {
            await store.Completion.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DiskLogException or PlatformNotSupportedException)
        {
            EndUnusable(ExitCodes.DataUnusable, DiskLogReports.Explain(exception, options.Data), hasServed);
        }
        catch (CommitLogRefusedException refused)
        {
            EndUnusable(refused.Refusal == CommitLogRefusal.Settings ? ExitCodes.InvalidSettings : ExitCodes.DataUnusable, refused.Message, hasServed);
        }
        catch (Exception exception)
        {
            exitCode.Value = ExitCodes.StoreFailed;
            logger.StoreFailed(exception);
            lifetime.StopApplication();
        }
    }

    private void EndUnusable(int code, string reason, bool hasServed)
    {
        exitCode.Value = code;
        exitCode.Reason = (hasServed ? "KvStore has ended: " : "KvStore cannot start: ") + reason;
        logger.DataUnusable(reason);
        lifetime.StopApplication();
    }
}
