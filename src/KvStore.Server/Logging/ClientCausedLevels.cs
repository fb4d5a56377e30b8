namespace KvStore.Server;

/// <summary>
/// Lowers to Debug what the web server logs about the connections of single clients: malformed requests, protocol errors, failed
/// handshakes. Any client can cause any number of these, and some have the highest level, such as requests that are reset as fast as
/// they are made; they are no reason to wake anyone up.
/// </summary>
internal sealed class ClientCausedLevels(ILoggerProvider provider) : ILoggerProvider
{
    private const string WebServer = "Microsoft.AspNetCore.Server.Kestrel";

    // What the category of the web server as a whole says of a connection that it has forgotten, as rapid resets make it do.
    private const string Forgotten = "ApplicationNeverCompleted";

    private static readonly string[] AboutClients = ["BadRequests", "Connections", "Http2", "Http3", "Https", "Transport"];

    public ILogger CreateLogger(string categoryName)
    {
        var logger = provider.CreateLogger(categoryName);
        return categoryName == WebServer ? new LoweredLogger(logger, Forgotten)
            : Array.Exists(AboutClients, name => categoryName.StartsWith($"{WebServer}.{name}", StringComparison.Ordinal)) ? new LoweredLogger(logger, null)
            : logger;
    }

    public void Dispose() => provider.Dispose();

    // Lowers one event, or all of them.
    private sealed class LoweredLogger(ILogger logger, string? eventName) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(eventName is null ? Lowered(logLevel) : logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var level = eventName is null || eventName == eventId.Name ? Lowered(logLevel) : logLevel;
            if (logger.IsEnabled(level))
                logger.Log(level, eventId, state, exception, formatter);
        }

        private static LogLevel Lowered(LogLevel level) => level is LogLevel.Trace or LogLevel.None ? level : LogLevel.Debug;
    }
}
