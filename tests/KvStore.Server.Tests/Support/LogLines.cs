using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>Collects what a service logs at level Information or above.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = [];
    private readonly SemaphoreSlim _signal = new(0);

    public IReadOnlyList<LogLine> All => [.. _lines];

    public IReadOnlyList<LogLine> Errors => [.. _lines.Where(line => line.Level >= LogLevel.Error)];

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    /// <summary>Waits for a line.</summary>
    public async Task<LogLine> WaitAsync(Func<LogLine, bool> isIt)
    {
        while (true)
        {
            if (_lines.FirstOrDefault(isIt) is { } line)
                return line;
            Assert.True(await _signal.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), "The line did not come. There are:\n" + string.Join('\n', _lines));
        }
    }

    public void Dispose()
    {
    }

    private sealed class Writer(LogLines lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            lines._lines.Enqueue(new LogLine(category, logLevel, formatter(state, exception), exception));
            lines._signal.Release();
        }
    }
}

internal sealed record LogLine(string Category, LogLevel Level, string Message, Exception? Exception)
{
    public bool IsRequest => Category == "KvStore.Server.Requests";
}
