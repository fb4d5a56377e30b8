using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace KvStore.Server;

/// <summary>Serilog behind .NET's logging: readable lines on a terminal, one JSON object per line anywhere else.</summary>
internal static class LoggingSetup
{
    private const string TerminalTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}";

    private const string RequestDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    // Log lines that wait for the console. A console that nothing reads loses lines; it never blocks requests.
    private const int QueuedLinesMax = 10_000;

    /// <summary>Makes Serilog the only logger. Disposing of the services flushes it.</summary>
    public static void AddServiceLogging(this ILoggingBuilder logging, IConfiguration configuration)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Trace);

        // Errors in the levels are reported with those of all other settings.
        var logger = Create(LogLevels.Read(configuration, []), Console.IsOutputRedirected, !Console.IsOutputRedirected && !Console.IsErrorRedirected);

        // By a function, because services dispose only of what they have made.
        logging.Services.AddSingleton<ILoggerProvider>(_ => new ClientCausedLevels(new SerilogLoggerProvider(logger, dispose: true)));

        // While this category is enabled, ASP.NET Core creates an Activity and a scope for every request. The rule is repeated for
        // Serilog because a rule for a provider overrides one for all providers.
        logging.AddFilter(RequestDiagnostics, LogLevel.None);
        logging.AddFilter<ClientCausedLevels>(RequestDiagnostics, LogLevel.None);
    }

    private static Logger Create(LogLevels levels, bool json, bool hasErrorsBesides)
    {
        var framework = new FrameworkLines(TimeProvider.System);
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(levels.Default)
            .Filter.ByExcluding(IsReportedByServiceRunner)
            .Filter.ByExcluding(logEvent => hasErrorsBesides && IsOnStandardErrorToo(logEvent))
            .Filter.ByExcluding(IsClientProtocolNoise)
            .Filter.With(framework)
            .WriteTo.Async(Console, QueuedLinesMax);
        foreach (var (source, level) in levels.Overrides)
            logger.MinimumLevel.Override(source, level);
        var created = logger.CreateLogger();
        framework.Output = created;
        return created;

        void Console(LoggerSinkConfiguration sink)
        {
            if (json)
                sink.Console(new JsonLines());
            else
                sink.Console(outputTemplate: TerminalTemplate, formatProvider: CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Whether this is the framework's log of a failed start, which <c>ServiceRunner</c> explains without a stack trace.</summary>
    private static bool IsReportedByServiceRunner(LogEvent logEvent) =>
        logEvent.MessageTemplate.Text is "Unable to start Kestrel." or "Hosting failed to start";

    /// <summary>Whether standard error has the same, which on a terminal would be twice.</summary>
    private static bool IsOnStandardErrorToo(LogEvent logEvent) =>
        logEvent.MessageTemplate.Text == ServiceLog.DataUnusableMessage;

    /// <summary>
    /// Whether the web server reports that a client sent too much or read too slowly. Its Information level is enabled only so that
    /// it quotes malformed input in its answers; a line for each such client would have no limit. After a malformed trailer field it
    /// also reports an error, because the rest of the body cannot be read.
    /// </summary>
    private static bool IsClientProtocolNoise(LogEvent logEvent) =>
        (logEvent.Level == LogEventLevel.Information || logEvent.MessageTemplate.Text.Contains("automatic draining of the request body failed", StringComparison.Ordinal)) &&
        logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) &&
        source is ScalarValue { Value: "Microsoft.AspNetCore.Server.Kestrel" };
}
