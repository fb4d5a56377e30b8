using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

public sealed class ClientCausedLevelsTests
{
    [Theory]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.Critical, LogLevel.Debug)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel.Connections", LogLevel.Warning, LogLevel.Debug)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Debug, LogLevel.Debug)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel.Https.Internal.HttpsConnectionMiddleware", LogLevel.Error, LogLevel.Debug)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets", LogLevel.Trace, LogLevel.Trace)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error, LogLevel.Error)]
    [InlineData("KvStore.Server.Connections", LogLevel.Warning, LogLevel.Warning)]
    public void Log_Category_HasLevel(string category, LogLevel logged, LogLevel expected)
    {
        using var lines = new Levels();
        using var provider = new ClientCausedLevels(lines);
        provider.CreateLogger(category).Log(logged, default, "text", null, (text, _) => text);
        Assert.Equal([expected], lines.Seen);
    }

    [Theory]
    [InlineData("ApplicationNeverCompleted", LogLevel.Debug)]
    [InlineData("ApplicationError", LogLevel.Critical)]
    public void Log_WebServer_OnlyForgottenConnectionIsLowered(string name, LogLevel expected)
    {
        using var lines = new Levels();
        using var provider = new ClientCausedLevels(lines);
        provider.CreateLogger("Microsoft.AspNetCore.Server.Kestrel").Log(LogLevel.Critical, new EventId(23, name), "text", null, (text, _) => text);
        Assert.Equal([expected], lines.Seen);
    }

    private sealed class Levels : ILoggerProvider, ILogger
    {
        public List<LogLevel> Seen { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Seen.Add(logLevel);

        public void Dispose()
        {
        }
    }
}
