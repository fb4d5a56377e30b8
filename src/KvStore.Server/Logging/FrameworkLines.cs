using Serilog.Core;
using Serilog.Events;
using ILogger = Serilog.ILogger;

namespace KvStore.Server;

/// <summary>
/// Limits the lines of the framework, any of which may be about a request, to a number per window of time; then it reports how many
/// more there were. The lines of the service are limited where they are written. Thread-safe.
/// </summary>
internal sealed class FrameworkLines : ILogEventFilter, IDisposable
{
    private const int LinesMax = 20;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly LogWindow _window;

    public FrameworkLines(TimeProvider time) => _window = new LogWindow(LinesMax, Window, time, count =>
        Output?.ForContext(Constants.SourceContextPropertyName, "KvStore.Server.Logging").Warning("{Lines} more lines of the framework in the last {Seconds} s", count, Window.TotalSeconds));

    /// <summary>Where the number goes. The filter is made before its logger.</summary>
    public ILogger? Output { private get; set; }

    public bool IsEnabled(LogEvent logEvent) => !IsOfFramework(logEvent) || _window.Admit();

    public void Dispose() => _window.Dispose();

    // What someone has asked for in detail is not limited.
    private static bool IsOfFramework(LogEvent logEvent) => logEvent.Level >= LogEventLevel.Information &&
        logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) &&
        source is ScalarValue { Value: string name } &&
        (name.StartsWith("Microsoft.", StringComparison.Ordinal) || name.StartsWith("System.", StringComparison.Ordinal));
}
