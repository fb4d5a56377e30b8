using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>
/// The service as Program makes it, on Kestrel and a free port, with what these tests of its hosting need to put in:
/// another commit log, a handler for paths that nobody else serves, and an ear for the log.
/// </summary>
internal sealed class HostedService : WebApplicationFactory<Program>
{
    private ExitCode _exitCode = null!;

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public Dictionary<string, string> Settings { get; } = new() { ["urls"] = "http://127.0.0.1:0", ["Serilog:MinimumLevel:Default"] = "Fatal", ["KvStore:Engine"] = "memory" };

    /// <summary>Answers paths that nobody else serves.</summary>
    public RequestDelegate? Handler { get; set; }

    public ICommitLog? CommitLog { get; set; }

    public LogLines Log { get; } = new();

    public int Port { get; private set; }

    // Taken at the start, because Program disposes of the services when the service has stopped.
    public Store Store { get; private set; } = null!;

    public IHost Host { get; private set; } = null!;

    public IHostApplicationLifetime Lifetime { get; private set; } = null!;

    public int ExitCode => _exitCode.Value;

    public HostedService Start()
    {
        // The port by setting: the factory would set it on a server that Program may have started already.
        UseKestrel();
        StartServer();
        Port = new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        Store = Services.GetRequiredService<Store>();
        Host = Services.GetRequiredService<IHost>();
        Lifetime = Services.GetRequiredService<IHostApplicationLifetime>();
        _exitCode = Services.GetRequiredService<ExitCode>();
        return this;
    }

    public HttpClient NewClient() => new() { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = Patience };

    /// <summary>A connection on which these bytes were sent.</summary>
    public async Task<TcpClient> SendAsync(string request)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", Port, TestContext.Current.CancellationToken);
        await tcp.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        return tcp;
    }

    /// <summary>Everything that comes back until the service closes the connection.</summary>
    public async Task<string> ExchangeAsync(string request)
    {
        using var tcp = await SendAsync(request);
        return await ReadToEndAsync(tcp);
    }

    public static async Task<string> ReadToEndAsync(TcpClient tcp)
    {
        using var reader = new StreamReader(tcp.GetStream(), Encoding.Latin1);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (name, value) in Settings)
            builder.UseSetting(name, value);
        builder.ConfigureServices(services =>
        {
            services.AddSingleton<ILoggerProvider>(Log);
            if (CommitLog is { } log)
                services.AddSingleton<OpenCommitLog>(() => log);
            if (Handler is { } handler)
                services.AddSingleton<IStartupFilter>(new LastMiddleware(handler));
        });
    }

    private sealed class LastMiddleware(RequestDelegate handler) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            next(app);
            app.Run(handler);
        };
    }
}

/// <summary>What the service logs, as the service said it.</summary>
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
            Assert.True(await _signal.WaitAsync(HostedService.Patience, TestContext.Current.CancellationToken), "The line did not come. There are:\n" + string.Join('\n', _lines));
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
