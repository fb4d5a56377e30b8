using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace KvStore.Server;

/// <summary>Runs the service from start to exit code.</summary>
internal static class ServiceRunner
{
    // The rest of five seconds after the default shutdown timeout and the wait for admitted writes. A console that is not
    // read would otherwise block the last log lines, and the process, forever.
    private static readonly TimeSpan DisposeWaitMax = TimeSpan.FromMilliseconds(500);

    /// <summary>Starts the service, waits for the request to stop, and stops it.</summary>
    public static async Task<int> RunToExitCodeAsync(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("KvStore.Server");
        var clock = app.Services.GetRequiredService<ServiceClock>();
        var store = app.Services.GetRequiredService<Store>();
        var exitCode = app.Services.GetRequiredService<ExitCode>();
        try
        {
            ProtectedMode.Check(app.Configuration, app.Services.GetRequiredService<KvStoreOptions>());
            LogLimits(app, logger);
            _ = app.Services.GetRequiredService<ServerCertificates>();
            AddressProbe.Check(app.Configuration);
            if (await TryStartAsync(app).ConfigureAwait(false))
            {
                LogStart(app, logger);
                await app.WaitForShutdownAsync().ConfigureAwait(false);
            }

            logger.Stopped(store.Latest.Revision, Math.Round(clock.Uptime.TotalSeconds, 3));
        }
        finally
        {
            var disposal = Task.Run(() => app.DisposeAsync().AsTask());
            await Task.WhenAny(disposal, Task.Delay(DisposeWaitMax)).ConfigureAwait(false);
        }

        // After the disposal, which writes the log's last lines: on a terminal the reason is the last thing to see.
        if (exitCode.Reason is { } reason)
            await Console.Error.WriteLineAsync(reason).ConfigureAwait(false);
        return exitCode.Value;
    }

    /// <summary>Whether the message of a failure to start is enough without a stack trace.</summary>
    /// <remarks>The web server reports wrong settings of an endpoint, such as HTTPS without a certificate, as InvalidOperationException.</remarks>
    public static bool IsExplained(Exception exception) => exception is InvalidSettingsException or IOException or
        System.Net.Sockets.SocketException or UnauthorizedAccessException or InvalidOperationException or FormatException;

    /// <summary>Reports on standard error why the service does not start.</summary>
    /// <returns>The exit code.</returns>
    public static int ReportFailure(Exception exception)
    {
        if (exception is InvalidSettingsException invalid)
        {
            Console.Error.WriteLine("KvStore cannot start, because its settings are not acceptable:");
            foreach (var problem in invalid.Problems)
                Console.Error.WriteLine("  " + problem);
            return ExitCodes.InvalidSettings;
        }

        Console.Error.WriteLine("KvStore cannot start: " + string.Join(' ', exception.Message.Split('\n', StringSplitOptions.TrimEntries)));
        return ExitCodes.Failure;
    }

    /// <summary>Starts the service; false if it was stopped meanwhile, in which case the web server throws.</summary>
    private static async Task<bool> TryStartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync().ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await app.StopAsync().ConfigureAwait(false);
            return false;
        }
    }

    private static void LogLimits(WebApplication app, ILogger logger)
    {
        var limits = app.Services.GetRequiredService<ConnectionLimits>();
        var options = app.Services.GetRequiredService<KvStoreOptions>();
        var asked = options.ConnectionsMax;
        if (limits.ConnectionsMax < asked && limits.ConnectionsMax == ConnectionLimits.InMemory(options))
            logger.ConnectionsClampedByMemory(limits.ConnectionsMax, asked, options.Store.ConnectionsBytesMax);
        else if (limits.ConnectionsMax < asked)
            logger.ConnectionsClamped(limits.ConnectionsMax, asked, limits.Descriptors ?? 0, ConnectionLimits.OwnDescriptors + limits.OperatorsMax, ConnectionLimits.Remedy);
        if (app.Services.GetRequiredService<OperationsEndPoints>().AreReachable)
            logger.OperationsReachable(string.Join(", ", AddressSettings.Operations(app.Configuration)));
    }

    private static void LogStart(WebApplication app, ILogger logger)
    {
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

        // The web server has no address for a socket that it did not open, or the socket's own, depending on its kind.
        string[] addresses = [.. InheritedSockets.Addresses.Union(bound.Where(address => !address.Contains('<', StringComparison.Ordinal)))];
        var options = app.Services.GetRequiredService<KvStoreOptions>();
        var local = AddressSettings.Local(addresses).FirstOrDefault()?.GetLeftPart(UriPartial.Authority);
        logger.Started(ServiceVersion.Text, string.Join(", ", addresses), local + SwaggerUi.Path, local + Documents.Root, options.Engine, options.KeyBytesMax, options.ValueBytesMax,
            options.Store.QueueOperationsMax, options.Store.QueueBytesMax, app.Services.GetRequiredService<ConnectionLimits>().ConnectionsMax, options.Store.MemoryBytesMax);
    }
}
