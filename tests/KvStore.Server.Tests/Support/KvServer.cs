using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>The service as Program makes it, on Kestrel and a free port. As a fixture it has the default settings.</summary>
public sealed class KvServer : IAsyncLifetime
{
    private readonly Factory _factory;

    public KvServer()
        : this([], _ => { })
    {
    }

    private KvServer((string Name, string Value)[] settings, Action<IServiceCollection> configure) => _factory = new Factory(settings, configure);

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>A client that checks each answer against the service's own description.</summary>
    public KvClient Client { get; private set; } = null!;

    /// <summary>The store behind it, for what cannot be seen from outside.</summary>
    internal Store Store { get; private set; } = null!;

    /// <summary>What its read handlers use.</summary>
    internal Reads Reads { get; private set; } = null!;

    /// <summary>Its start and stop.</summary>
    internal IHostApplicationLifetime Lifetime { get; private set; } = null!;

    /// <summary>Starts a service with settings of the section KvStore.</summary>
    public static Task<KvServer> StartAsync(params (string Name, string Value)[] settings) => StartAsync(_ => { }, settings);

    /// <summary>Starts a service on a commit log of the test's own.</summary>
    public static Task<KvServer> StartAsync(ICommitLog? log, params (string Name, string Value)[] settings) =>
        log is null ? StartAsync(settings) : StartAsync(services => services.AddSingleton<OpenCommitLog>(() => log), settings);

    /// <summary>Starts a service with other parts than its own.</summary>
    internal static async Task<KvServer> StartAsync(Action<IServiceCollection> configure, params (string Name, string Value)[] settings)
    {
        var server = new KvServer(settings, configure);
        await server.InitializeAsync();
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        _factory.StartServer();
        var address = new Uri(_factory.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.First());
        EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port);

        // Taken now, because Program disposes of the services when the service has stopped.
        Store = _factory.Services.GetRequiredService<Store>();
        Reads = _factory.Services.GetRequiredService<Reads>();
        Lifetime = _factory.Services.GetRequiredService<IHostApplicationLifetime>();
        Client = new KvClient(EndPoint);
        await Contract.LoadAsync(Client);
    }

    /// <summary>A connection of its own, to send anything over.</summary>
    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(EndPoint);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _factory.DisposeAsync();
    }

    private sealed class Factory : WebApplicationFactory<Program>
    {
        private readonly (string Name, string Value)[] _settings;
        private readonly Action<IServiceCollection> _configure;

        public Factory((string Name, string Value)[] settings, Action<IServiceCollection> configure)
        {
            _settings = settings;
            _configure = configure;
            UseKestrel();
        }

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            // The port by setting: the factory would set it on a server that Program may have started already.
            builder.UseSetting("urls", "http://127.0.0.1:0");
            builder.ConfigureAppConfiguration(configuration => configuration.AddInMemoryCollection(
                _settings.Append((Name: "Engine", Value: "memory")).DistinctBy(setting => setting.Name).Select(setting => KeyValuePair.Create($"KvStore:{setting.Name}", (string?)setting.Value))));
            builder.ConfigureLogging(logging => logging.ClearProviders());
            builder.ConfigureServices(_configure);
        }
    }
}
