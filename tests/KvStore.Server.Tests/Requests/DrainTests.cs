using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>What is served between the request to stop and the stop.</summary>
public sealed class DrainTests
{
    private const string DrainTime = "00:00:07";
    private static readonly TimeSpan Drain = TimeSpan.Parse(DrainTime, CultureInfo.InvariantCulture);
    private static readonly (string, string) DrainSetting = ("DrainTime", DrainTime);

    private readonly ObservedTime _time = new();
    private readonly TaskCompletionSource _drains = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DrainTests() => _time.TimerCreated = due =>
    {
        if (due == Drain)
            _drains.TrySetResult();
    };

    [Fact]
    public async Task Stop_DrainTime_ServesAndClosesConnections()
    {
        await using var server = await StartAsync(DrainSetting);
        using var early = await server.SendAsync("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Null((await early.ReadAsync()).Expect(200).Header("Connection"));

        var stop = server.Host.StopAsync(TestContext.Current.CancellationToken);
        await _drains.Task.Within();

        await early.SendAsync("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var notReady = (await early.ReadAsync()).ExpectProblem(503, "unavailable");
        Assert.Equal("close", notReady.Header("Connection"));
        Assert.Empty(await early.ReadToEndAsync());
        using (var late = await server.SendAsync("PUT /v1/kv/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv"))
        {
            Assert.Equal("close", (await late.ReadAsync()).Expect(201).Header("Connection"));
            Assert.Empty(await late.ReadToEndAsync());
        }

        using (var head = await server.SendAsync("GET /v1/kv/k HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/kv/k HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        {
            Assert.Equal("v", (await head.ReadAsync()).Expect(200).Text);
            Assert.Null(await head.TryReadAsync());
        }

        Assert.False(stop.IsCompleted);
        _time.Advance(Drain);
        await stop.Within();
        Assert.Equal(ExitCodes.Success, server.ExitCode);
    }

    [Fact]
    public async Task Stop_DrainTime_WaitsEndAfterIt()
    {
        await using var server = await StartAsync(DrainSetting);
        using var watch = await EventStream.OpenAsync(server.Address, "?prefix=");
        using var changed = await server.SendAsync("GET /v1/kv/changed?wait=60&after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        using var unchanged = await server.SendAsync("GET /v1/kv/unchanged?wait=60&after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        using var absent = await server.SendAsync("GET /v1/kv/absent?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        using var ahead = await server.SendAsync("GET /v1/kv/ahead?min_revision=9 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await server.WatchersAsync(4);

        var stop = server.Host.StopAsync(TestContext.Current.CancellationToken);
        await _drains.Task.Within();

        await server.CommitAsync(Some.Put("changed"));
        Assert.Equal(1, (await watch.NextAsync("change")).Revision);
        (await changed.ReadAsync()).Expect(200);
        using var lateWatch = await EventStream.OpenAsync(server.Address, "?key=other");
        await server.WatchersAsync(4);

        _time.Advance(Drain);
        foreach (var stream in new[] { watch, lateWatch })
        {
            var last = await stream.NextAsync("reconnect");
            Assert.Equal((1, $"{server.Store.Id}.1"), (last.Revision, last.Id));
            Assert.Null(await stream.NextOrEndAsync());
        }

        (await unchanged.ReadAsync()).Expect(304);
        (await absent.ReadAsync()).Expect(404);
        (await ahead.ReadAsync()).ExpectProblem(503, "revision-not-reached", "min_revision");
        await stop.Within();
    }

    [Fact]
    public async Task Stop_DrainTime_EndsHttp2ConnectionsAfterAnswers()
    {
        await using var server = await StartAsync(DrainSetting, ("Kestrel:EndpointDefaults:Protocols", "Http2"));
        var connections = 0;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync })
        {
            BaseAddress = server.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, await StatusAsync("/livez"));
        Assert.Equal(1, connections);

        var stop = server.Host.StopAsync(TestContext.Current.CancellationToken);
        await _drains.Task.Within();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("/readyz"));
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, await StatusAsync("/livez"));

        Assert.True(connections > 1, "The connection that was open before the drain was not closed.");
        _time.Advance(Drain);
        await stop.Within();

        async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref connections);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    // Nothing was sent to it, so nothing has to be sent elsewhere.
    [Fact]
    public async Task Stop_NeverReady_DoesNotDrain()
    {
        var gate = new Gate();
        await using var server = await StartAsync(new FakeCommitLog { Following = _ => gate.PassAsync() }, DrainSetting);
        Assert.Equal(StoreState.Loading, server.Store.State);
        var stop = server.Host.StopAsync(TestContext.Current.CancellationToken);
        gate.Open();
        await stop.Within();
        Assert.False(_drains.Task.IsCompleted);
    }

    private Task<KvServer> StartAsync(params (string Name, string Value)[] settings) => StartAsync(log: null, settings);

    private Task<KvServer> StartAsync(ICommitLog? log, params (string Name, string Value)[] settings)
    {
        var options = new KvServerOptions { CommitLog = log, Log = new LogLines(), Services = services => services.AddSingleton<TimeProvider>(_time) };
        foreach (var (name, value) in settings)
            options.Settings[name] = value;
        return KvServer.StartAsync(options);
    }
}
