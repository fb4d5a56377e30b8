using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections.Features;

namespace KvStore.Server;

/// <summary>
/// The first part of a stop: for <see cref="KvStoreOptions.DrainTime"/> the service says that it is not ready and serves all the same, so that a load
/// balancer sends requests elsewhere before any is refused. Then watches and other waits end, and the web server stops. Thread-safe.
/// </summary>
/// <remarks>
/// The host announces a stop (<see cref="IHostApplicationLifetime.ApplicationStopping"/>), then calls <see cref="StoppingAsync"/>, and stops the web server only
/// when that has completed.
/// </remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "A host that is disposed in the middle of a stop has the source cancelled after that. It has no timer, so there is nothing to release.")]
internal sealed class Drain(
    Store store, KvStoreOptions options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<Drain> logger) : IHostedLifecycleService
{
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Cancelled when waits have to end, because the web server stops next.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Ends the connection of a request after its answer: by <c>Connection: close</c>, or by GOAWAY and the end of its other streams.</summary>
    public static void CloseConnection(HttpContext context) => context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Serves on, and then ends what waits.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // A host may be stopped more than once.
        if (_ended.IsCancellationRequested)
            return;

        // A host that is stopped directly has not announced it.
        lifetime.StopApplication();
        if (options.DrainTime > TimeSpan.Zero && HasServed())
            await ServeOnAsync(cancellationToken).ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // A service that is loading or has failed was not ready before, so nothing is sent to it.
    private bool HasServed() => lifetime.ApplicationStarted.IsCancellationRequested && store.State == StoreState.Running;

    private async Task ServeOnAsync(CancellationToken cancellationToken)
    {
        logger.Draining(options.DrainTime.TotalSeconds);

        // The host ignores further signals. People who press Ctrl+C again do not want to wait.
        var repeated = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, EndDrain);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, EndDrain);
        await repeated.Task.WaitAsync(options.DrainTime, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        void EndDrain(PosixSignalContext signal)
        {
            signal.Cancel = true;
            repeated.TrySetResult();
        }
    }
}
