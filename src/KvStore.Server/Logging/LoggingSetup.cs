using KvStore.Server.Hosting;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Settings.Configuration;

namespace KvStore.Server.Logging;

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
        logging.AddSerilog(Create(configuration, Console.IsOutputRedirected), dispose: true);

        // While anything can be logged here, ASP.NET Core makes an Activity and a scope for every request. Said for Serilog
        // as well, because its own rule that it decides by itself would stand above one for everybody.
        logging.AddFilter(RequestDiagnostics, LogLevel.None);
        logging.AddFilter<SerilogLoggerProvider>(RequestDiagnostics, LogLevel.None);
    }

    private static Serilog.Core.Logger Create(IConfiguration configuration, bool json)
    {
        try
        {
            return new LoggerConfiguration()
                .Enrich.FromLogContext()
                .Filter.ByExcluding(IsToldByServiceRunner)
                .WriteTo.Async(Console, QueuedLinesMax)
                .ReadFrom.Configuration(configuration, new ConfigurationReaderOptions(typeof(ConsoleLoggerConfigurationExtensions).Assembly))
                .CreateLogger();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new InvalidSettingsException([$"The section Serilog is not acceptable: {exception.Message}"]);
        }

        void Console(Serilog.Configuration.LoggerSinkConfiguration sink)
        {
            if (json)
                sink.Console(new JsonLines());
            else
                sink.Console(outputTemplate: TerminalTemplate, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Whether this is a failure to start as the framework logs it, with a stack trace that helps nobody.</summary>
    private static bool IsToldByServiceRunner(LogEvent logEvent) =>
        logEvent.MessageTemplate.Text is "Unable to start Kestrel." or "Hosting failed to start";
}
