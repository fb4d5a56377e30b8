namespace KvStore.Server;

/// <summary>
/// Lets <see cref="BoundedListener"/> see that the operating system gave no connection, for want of a descriptor for instance. The web server's sockets
/// only write that to their log, and accept again at once: until there is a descriptor, that takes all of a processor, and more memory than the
/// collector can free, since it opens files too. So their log ends the attempt.
/// </summary>
internal sealed class AcceptFailures(ILoggerFactory loggers) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new SocketLogger(loggers.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    public void Dispose()
    {
        // The factory within is the host's.
    }

    private sealed class SocketLogger(ILogger logger) : ILogger
    {
        // Of any connection that is reset; one that was not accepted has no id.
        private const string Event = "ConnectionReset";
        private const string NoId = "(null)";

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Debug || logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == Event && state is IReadOnlyList<KeyValuePair<string, object?>> values && values.Any(value => value.Value is NoId))
                throw new IOException("the operating system gave no connection, such as with too many open files");
            if (logger.IsEnabled(logLevel))
                logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
