using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>What one client may use, and that others do not notice.</summary>
public sealed class RateLimitingTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Requests_MoreThanTheRate_Are429UntilThereIsMore()
    {
        await using var service = await StartAsync(("RequestsPerSecondMax", "2"));
        var first = (await service.Client.PutAsync("/v1/kv/a", "v")).Expect(201);
        Assert.Equal(("\"requests\";q=2;w=1", "\"requests\";r=1;t=1"), (first.Header("RateLimit-Policy"), first.Header("RateLimit")));
        (await service.Client.GetAsync("/v1/kv/a")).Expect(200);
        var refused = (await service.Client.GetAsync("/v1/kv/a")).ExpectProblem(429, "rate-limited");
        Assert.Equal(("1", "\"requests\";r=0;t=1"), (refused.Header("Retry-After"), refused.Header("RateLimit")));
        (await service.Client.PutAsync("/v1/kv/b", "v")).ExpectProblem(429, "rate-limited");
        Assert.Equal(1, service.Store.Latest.Revision);

        // Health checks and documents are for everyone always.
        (await service.Client.GetAsync("/readyz")).Expect(200);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        (await service.Client.GetAsync("/v1/kv/a")).Expect(200);
        (await service.Client.GetAsync("/v1/kv/a")).ExpectProblem(429, "rate-limited");
    }

    [Fact]
    public async Task Bytes_OfBodiesAndAnswers_AreMadeUpFor()
    {
        await using var service = await StartAsync(("BytesPerSecondMax", "1000"));
        (await service.Client.PutAsync("/v1/kv/a", new string('v', 5000))).Expect(201);
        await ChargedAsync(service);
        var refused = (await service.Client.GetAsync("/v1/kv/a")).ExpectProblem(429, "rate-limited");
        Assert.Equal("\"bytes\";q=1000;w=1;qu=\"content-bytes\"", refused.Header("RateLimit-Policy"));
        Assert.Equal("5", refused.Header("Retry-After"));
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(5000, (await service.Client.GetAsync("/v1/kv/a")).Expect(200).Body.Length);
        await ChargedAsync(service);
        _time.Advance(TimeSpan.FromSeconds(4));
        (await service.Client.GetAsync("/v1/kv/a")).ExpectProblem(429, "rate-limited");
        _time.Advance(TimeSpan.FromSeconds(1.1));
        (await service.Client.GetAsync("/v1/kv?values=true")).Expect(200);
        await ChargedAsync(service);
        (await service.Client.GetAsync("/v1/kv/a")).ExpectProblem(429, "rate-limited");
    }

    // An answer is charged once it is sent, which its client may see first. A HEAD has no bytes, so asking costs nothing.
    private static Task ChargedAsync(KvServer service) => Soon.UntilAsync(async () => (await service.Client.SendAsync("HEAD", "/v1/kv/a", null)).Status == 429);

    [Fact]
    public async Task Watchers_MoreThanOfOneClient_Are429UntilOneEnds()
    {
        await using var service = await StartAsync(("WatchersPerClientMax", "1"));
        using (var watch = await service.SendAsync("GET /v1/watch?prefix= HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        {
            await service.WatchersAsync(1);
            (await service.Client.GetAsync("/v1/watch?prefix=")).ExpectProblem(429, "rate-limited");
            (await service.Client.GetAsync("/v1/kv/a?wait=1&after=0")).ExpectProblem(429, "rate-limited");
            (await service.Client.GetAsync("/v1/kv/a")).ExpectProblem(404, "not-found");
        }

        await Soon.UntilAsync(async () => (await service.Client.GetAsync("/v1/kv/a?wait=0&after=0")).Status != 429);
    }

    [Fact]
    public void TryEnter_TransfersOfOneClient_AreLimitedForItOnly()
    {
        using var clients = new Clients(_time);
        var bounds = new ClientBounds(null, null, null, 1);
        var use = clients.Of(new ClientKey("a", null));
        Assert.Equal(Exhausted.Nothing, use.TryEnter(bounds, HeldPlace.Transfer).Exhausted);
        Assert.Equal(Exhausted.Transfers, use.TryEnter(bounds, HeldPlace.Transfer).Exhausted);
        Assert.Equal(Exhausted.Nothing, clients.Of(new ClientKey("b", null)).TryEnter(bounds, HeldPlace.Transfer).Exhausted);
        use.Leave(bounds, HeldPlace.Transfer, 0);
        Assert.Equal(Exhausted.Nothing, use.TryEnter(bounds, HeldPlace.Transfer).Exhausted);
    }

    [Fact]
    public void Clients_Idle_AreForgottenAndNeverTooMany()
    {
        using var clients = new Clients(_time);
        var bounds = new ClientBounds(1, null, null, null);
        for (ulong i = 0; i < Clients.ClientsMax + 10; i++)
            clients.Of(new ClientKey(null, new AddressKey(true, i))).TryEnter(bounds, HeldPlace.None);
        Assert.Equal(Clients.ClientsMax, clients.Count);

        // Those beyond share what one may use.
        Assert.Equal(Exhausted.Requests, clients.Of(new ClientKey(null, new AddressKey(true, ulong.MaxValue))).TryEnter(bounds, HeldPlace.None).Exhausted);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, clients.Count);
    }

    [Fact]
    public async Task Addresses_OfTrustedProxysClients_AreCountedApart()
    {
        await using var service = await StartAsync(("RequestsPerSecondMax", "1"), ("TrustedProxies", "127.0.0.1"));
        foreach (var status in (int[])[404, 429])
        {
            foreach (var client in (string[])["1.2.3.4", "1.2.3.5"])
                Assert.Equal(status, (await service.Client.GetAsync("/v1/kv/a", ("X-Forwarded-For", client))).Status);
        }
    }

    private Task<KvServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var options = new KvServerOptions { Services = services => services.AddSingleton<TimeProvider>(_time) };
        foreach (var (name, value) in settings)
            options.Settings[name] = value;
        return KvServer.StartAsync(options);
    }
}
