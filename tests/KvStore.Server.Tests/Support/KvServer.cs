using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>The service as Program builds it, in this process, on Kestrel and a free port. As a fixture it has the default settings.</summary>
public sealed class KvServer : IAsyncLifetime
{
    private readonly KvServerOptions _options;
    private readonly Factory _factory;
    private ExitCode _exitCode = null!;

    public KvServer()
        : this(new KvServerOptions())
    {
    }

    private KvServer(KvServerOptions options) => (_options, _factory) = (options, new Factory(options));

    public IPEndPoint EndPoint { get; private set; } = null!;

    public Uri Address => new($"http://{EndPoint}");

    /// <summary>A client that checks each response against the service's own description.</summary>
    public KvClient Client { get; private set; } = null!;

    /// <summary>The store of the service, for what cannot be seen from outside.</summary>
    internal Store Store { get; private set; } = null!;

    internal Reads Reads { get; private set; } = null!;

    internal IHost Host { get; private set; } = null!;

    internal IHostApplicationLifetime Lifetime { get; private set; } = null!;

    internal IServiceProvider Services => _factory.Services;

    internal LogLines Log => _options.Log ?? throw new InvalidOperationException($"Set {nameof(KvServerOptions)}.{nameof(KvServerOptions.Log)}.");

    internal int ExitCode => _exitCode.Value;

    /// <summary>What the process would say on standard error in the end.</summary>
    internal string? ExitReason => _exitCode.Reason;

    /// <summary>Starts a service with settings of the section KvStore.</summary>
    public static Task<KvServer> StartAsync(params (string Name, string Value)[] settings) => StartAsync(log: null, settings);

    /// <summary>Starts a service on a commit log of the test's own.</summary>
    public static Task<KvServer> StartAsync(ICommitLog? log, params (string Name, string Value)[] settings)
    {
        var options = new KvServerOptions { CommitLog = log };
        foreach (var (name, value) in settings)
            options.Settings[name] = value;
        return StartAsync(options);
    }

    internal static async Task<KvServer> StartAsync(KvServerOptions options)
    {
        var server = new KvServer(options);
        await server.InitializeAsync();
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        _factory.StartServer();
        var address = new Uri(_factory.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port);

        // Resolved now, because Program disposes of the services when the service has stopped.
        Store = _factory.Services.GetRequiredService<Store>();
        Reads = _factory.Services.GetRequiredService<Reads>();
        Host = _factory.Services.GetRequiredService<IHost>();
        Lifetime = _factory.Services.GetRequiredService<IHostApplicationLifetime>();
        _exitCode = _factory.Services.GetRequiredService<ExitCode>();
        Client = new KvClient(EndPoint);

        // Not where a test reads the log, in which this request would be.
        if (_options.Log is null)
            await Contract.LoadAsync(Client);
    }

    /// <summary>A client without checks.</summary>
    public HttpClient NewClient() => new() { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    public Task<RawConnection> ConnectAsync() => RawConnection.ConnectAsync(EndPoint);

    /// <summary>Opens a connection and sends text on it.</summary>
    public async Task<RawConnection> SendAsync(string text)
    {
        var connection = await ConnectAsync();
        await connection.SendAsync(text);
        return connection;
    }

    /// <summary>Sends text on a connection of its own, and reads until the service closes it.</summary>
    public async Task<string> ExchangeAsync(string text)
    {
        using var connection = await SendAsync(text);
        return await connection.ReadToEndAsync();
    }

    /// <summary>Commits operations together.</summary>
    internal async Task<long> CommitAsync(params Operation[] operations) => (await Store.CommitAsync(operations)).Revision;

    /// <summary>Waits until the store has this many watchers.</summary>
    public Task WatchersAsync(int count) => Soon.UntilAsync(() => Store.Watchers == count);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _factory.DisposeAsync();
    }

    private sealed class Factory : WebApplicationFactory<Program>
    {
        private readonly KvServerOptions _options;

        public Factory(KvServerOptions options)
        {
            _options = options;
            UseKestrel();
        }

        // UseKestrel adds the web server's own pool once more, after Program has replaced it.
        protected override IHost CreateHost(IHostBuilder builder) =>
            base.CreateHost(builder.ConfigureServices(services => services.AddSingleton<IMemoryPoolFactory<byte>, ConnectionMemory>()));

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            // The port by setting: the factory would set it on a server that Program may have started already.
            foreach (var (name, value) in _options.Settings)
                builder.UseSetting(name == "urls" || name.Contains(':', StringComparison.Ordinal) ? name : "KvStore:" + name, value);
            if (_options.Log is null)
                builder.ConfigureLogging(logging => logging.ClearProviders());
            else if (!_options.Settings.ContainsKey("Serilog:MinimumLevel:Default"))
                builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
            builder.ConfigureServices(services =>
            {
                if (_options.Log is { } lines)
                    services.AddSingleton<ILoggerProvider>(lines);
                if (_options.CommitLog is { } log)
                    services.AddSingleton<OpenCommitLog>(() => log);
                if (_options.Handler is { } handler)
                    services.AddSingleton<IStartupFilter>(new LastMiddleware(handler));
                _options.Services(services);
            });
        }
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
