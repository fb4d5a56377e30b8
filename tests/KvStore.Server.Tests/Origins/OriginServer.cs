using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>A service with the origin acme below rates/, whose time a test lets pass.</summary>
internal sealed class OriginServer : IAsyncDisposable
{
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));

    public FakeOriginSource Source { get; } = new();

    public KvServer Server { get; private set; } = null!;

    public KvClient Client => Server.Client;

    public ServedOrigin Origin => Server.Services.GetRequiredService<ServedOrigins>().Find("acme")!;

    public static async Task<OriginServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var server = new OriginServer();
        var options = new KvServerOptions
        {
            Services = services =>
            {
                services.AddSingleton<TimeProvider>(server.Time);
                services.AddSingleton<OpenOriginSource>((_, _) => server.Source);
            },
        };
        FakeOriginSource.AddOrigin(options.Settings, "acme", "rates/");
        options.Settings["KvStore:Origins:acme:JitterPercent"] = "0";
        foreach (var (name, value) in settings)
            options.Settings[name.StartsWith("KvStore:", StringComparison.Ordinal) ? name : "KvStore:Origins:acme:" + name] = value;
        server.Server = await KvServer.StartAsync(options);
        return server;
    }

    public Task<Response> GetAsync(string key, params (string Name, string Value)[] headers) => Client.GetAsync("/v1/kv/rates/" + key, headers);

    /// <summary>Invalidates keys or a prefix.</summary>
    public async Task InvalidateAsync(string body) => (await Client.PostJsonAsync("/v1/origins/acme/invalidate", body)).Expect(200);

    /// <summary>Waits until no load is in progress.</summary>
    public Task IdleAsync() => Soon.UntilAsync(() => Origin.Pool.Status.Loads == 0);

    public void Advance(int seconds) => Time.Advance(TimeSpan.FromSeconds(seconds));

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
