using System.Net;
using System.Text.Json;

namespace KvStore.Server.Tests;

public sealed class OperatingEndpointsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/livez", "alive")]
    [InlineData("/readyz", "ready")]
    public async Task Health_Running_Is200ForGetAndHead(string path, string status)
    {
        await using var service = await KvServer.StartAsync();
        using var client = service.NewClient();
        Assert.Equal($"{{\"status\":\"{status}\"}}", await client.GetStringAsync(path, Cancellation));
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancellation);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal("application/json", head.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Ready_StoreStopped_Is503AndLiveIs200()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { Log = new LogLines() });
        using var client = service.NewClient();
        await service.Store.StopAsync(Cancellation);
        using var ready = await client.GetAsync("/readyz", Cancellation);
        using var problem = await RequestBoundaryTests.ProblemOfAsync(ready, 503);
        Assert.Equal("The store has stopped and admits no writes.", problem.RootElement.GetProperty("detail").GetString());
        Assert.False(problem.RootElement.TryGetProperty("outcome", out _));
        Assert.NotNull(ready.Headers.RetryAfter);
        using var live = await client.GetAsync("/livez", Cancellation);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.DoesNotContain(service.Log.All, line => line.IsRequest);
    }

    [Fact]
    public async Task Ready_ServiceStopping_Is503()
    {
        var (arrived, goOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = async _ =>
            {
                arrived.SetResult();
                await goOn.Task;
            },
        });

        // A second request on a connection whose first one is in flight is the only one that can still come in.
        using var tcp = await service.SendAsync("GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await arrived.Task.Within();
        var endpoint = service.Services.GetServiceEndpoint("/readyz");
        Assert.Equal(200, await endpoint.StatusAsync(service.Services));
        service.Lifetime.StopApplication();
        Assert.Equal(503, await endpoint.StatusAsync(service.Services));
        goOn.SetResult();
    }

    [Fact]
    public async Task Status_AfterWrite_ShowsIt()
    {
        await using var service = await KvServer.StartAsync();
        using var client = service.NewClient();
        Assert.IsType<Outcome.Committed>(await service.Store.SubmitAsync(new Transaction([], [new Put(Key.Parse("key"), new byte[7], "text/plain")])));

        using var status = JsonDocument.Parse(await client.GetStringAsync("/v1/status", Cancellation));
        var root = status.RootElement;
        Assert.Equal("memory", root.GetProperty("engine").GetString());
        Assert.Equal("running", root.GetProperty("state").GetString());
        Assert.Equal(service.Store.Latest.Revision, root.GetProperty("revision").GetInt64());
        Assert.Equal(0, root.GetProperty("oldest_revision").GetInt64());
        Assert.Equal((1, 10), (root.GetProperty("keys").GetInt64(), root.GetProperty("bytes").GetInt64()));
        Assert.Equal((0, 16_384), (root.GetProperty("queue").GetProperty("operations").GetInt32(), root.GetProperty("queue").GetProperty("operations_max").GetInt32()));
        Assert.Equal((0, 67_108_864), (root.GetProperty("queue").GetProperty("bytes").GetInt64(), root.GetProperty("queue").GetProperty("bytes_max").GetInt64()));
        var memory = root.GetProperty("memory");
        var accounts = memory.GetProperty("accounts");
        Assert.Equal(service.Store.Memory.All.Select(account => account.Name), accounts.EnumerateObject().Select(account => account.Name));
        Assert.Equal((memory.GetProperty("bytes_max").GetInt64(), service.Store.Memory.BytesMax), (accounts.EnumerateObject().Sum(account => account.Value.GetProperty("bytes_max").GetInt64()), memory.GetProperty("bytes_max").GetInt64()));
        Assert.InRange(memory.GetProperty("heap_bytes").GetInt64(), 1 << 20, long.MaxValue);
        Assert.Equal((service.Store.Latest.MemoryBytes, service.Store.Latest.MemoryBytes, 0L), (accounts.GetProperty("entries").GetProperty("bytes").GetInt64(), accounts.GetProperty("entries").GetProperty("peak_bytes").GetInt64(), accounts.GetProperty("entries").GetProperty("refusals").GetInt64()));
        Assert.Equal(1_048_576, root.GetProperty("limits").GetProperty("value_bytes_max").GetInt32());
        Assert.InRange(root.GetProperty("uptime_seconds").GetDouble(), 0.001, 60);
        Assert.InRange(root.GetProperty("started_at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        Assert.Matches(@"^\d+\.\d+\.\d+$", root.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Status_WatchersAndLongPolls_AreCounted()
    {
        await using var server = await KvServer.StartAsync(("WatchersMax", "7"));
        Assert.Equal((0, 7), await WatchersAsync());
        using (var watching = await EventStream.OpenAsync(server.Address, "?prefix="))
        {
            Assert.Equal((1, 7), await WatchersAsync());
            var waiting = server.Client.GetAsync("/v1/kv/key?wait=30&after=0");
            await server.WatchersAsync(2);
            Assert.Equal((2, 7), await WatchersAsync());
            (await server.Client.PutAsync("/v1/kv/key", "value")).Expect(201);
            (await waiting).Expect(200);
            Assert.Equal((1, 7), await WatchersAsync());
        }

        await server.WatchersAsync(0);
        Assert.Equal((0, 7), await WatchersAsync());

        async Task<(int Count, int Max)> WatchersAsync()
        {
            var status = (await server.Client.GetAsync("/v1/status")).Expect(200).Json;
            return (status.GetProperty("watchers").GetInt32(), status.GetProperty("limits").GetProperty("watchers_max").GetInt32());
        }
    }
}
