using System.Globalization;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace KvStore.Server;

/// <summary>Serilog behind .NET's logging: readable lines on a terminal, a JSON object a line anywhere else.</summary>
internal static class LoggingSetup
{
    private const string TerminalTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}";

    private const string RequestDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    // Log lines that wait for the console. A console that is not read costs lines, never requests.
    private const int QueuedLinesMax = 10_000;

    /// <summary>Makes Serilog the only logger. Whoever disposes of the services flushes it.</summary>
    public static void AddServiceLogging(this ILoggingBuilder logging, IConfiguration configuration)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Trace);

        // What is not acceptable among the levels is said with all other settings, when those are read.
        logging.AddSerilog(Create(LogLevels.Read(configuration, []), Console.IsOutputRedirected), dispose: true);

        // While anything can be logged here, ASP.NET Core makes an Activity and a scope for every request. Said for Serilog
        // as well, because its own rule that it decides by itself would stand above one for everybody.
        logging.AddFilter(RequestDiagnostics, LogLevel.None);
        logging.AddFilter<SerilogLoggerProvider>(RequestDiagnostics, LogLevel.None);
    }

    private static Logger Create(LogLevels levels, bool json)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(levels.Default)
            .Filter.ByExcluding(IsToldByServiceRunner)
            .Filter.ByExcluding(IsAboutAClientsManners)
            .WriteTo.Async(Console, QueuedLinesMax);
        foreach (var (source, level) in levels.Overrides)
            logger.MinimumLevel.Override(source, level);
        return logger.CreateLogger();

        void Console(LoggerSinkConfiguration sink)
        {
            if (json)
                sink.Console(new JsonLines());
            else
                sink.Console(outputTemplate: TerminalTemplate, formatProvider: CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Whether this is a failure to start as the framework logs it, with a stack trace that helps nobody.</summary>
    private static bool IsToldByServiceRunner(LogEvent logEvent) =>
        logEvent.MessageTemplate.Text is "Unable to start Kestrel." or "Hosting failed to start";

    /// <summary>
    /// Whether this is the web server remarking that a client sent more than was wanted, or read too slowly. Its information
    /// is enabled only because it then quotes in its answers what was malformed; a line for each such client would be no limit.
    /// </summary>
    private static bool IsAboutAClientsManners(LogEvent logEvent) =>
        logEvent.Level == LogEventLevel.Information &&
        logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) &&
        source is ScalarValue { Value: "Microsoft.AspNetCore.Server.Kestrel" };
}
