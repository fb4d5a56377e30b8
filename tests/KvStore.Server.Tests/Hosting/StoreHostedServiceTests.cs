using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KvStore.Server.Tests;

public sealed class StoreHostedServiceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_Store_PrecedesWebServer()
    {
        await using var service = await KvServer.StartAsync();
        var names = service.Services.GetServices<IHostedService>().Select(hosted => hosted.GetType().Name).ToList();
        Assert.InRange(names.IndexOf(nameof(StoreHostedService)), 0, names.IndexOf("GenericWebHostService") - 1);

        var options = service.Services.GetRequiredService<IOptions<HostOptions>>().Value;
        Assert.False(options.ServicesStartConcurrently);
        Assert.False(options.ServicesStopConcurrently);
        Assert.Equal(StoreState.Running, service.Store.State);
    }

    [Fact]
    public async Task Stop_RequestInFlight_WriteIsDecided()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = async context =>
            {
                arrived.SetResult();
                await goOn.Task;
                var store = context.RequestServices.GetRequiredService<Store>();
                var outcome = await store.SubmitAsync(NewWrite());
                await context.Response.WriteAsync(outcome is Outcome.Committed ? "committed" : outcome.ToString());
            },
            Log = new LogLines(),
        });
        using var client = service.NewClient();
        var answer = client.GetAsync("/in-flight", Cancellation);
        await arrived.Task.Within();

        var stopping = WhenCancelled(service.Lifetime.ApplicationStopping);
        var stop = service.Host.StopAsync(Cancellation);
        await stopping;
        goOn.SetResult();

        using var response = await answer;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("committed", await response.Content.ReadAsStringAsync(Cancellation));
        await stop.Within();
        Assert.Equal(StoreState.Stopped, service.Store.State);
        Assert.Equal(ExitCodes.Success, service.ExitCode);
        Assert.Empty(service.Log.Errors);
    }

    [Fact]
    public async Task Stop_IdleOrSlowClients_EndsInTime()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Settings = { ["ShutdownTimeout"] = "00:00:01" },
            Handler = context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted),
            Log = new LogLines(),
        });
        using var idle = await service.SendAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        (await idle.ReadAsync()).Expect(200);
        using var silent = await service.SendAsync("");
        using var halfHeaders = await service.SendAsync("GET /livez HTTP/1.1\r\nHo");
        using var slow = await service.SendAsync("POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
        (await slow.ReadHeadAsync()).Expect(100);
        await slow.SendAsync("ab");

        var watch = Stopwatch.StartNew();
        await service.Host.StopAsync(Cancellation).Within();
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
        Assert.Equal(ExitCodes.Success, service.ExitCode);
        Assert.Empty(service.Log.Errors);
        Assert.Equal(StoreState.Stopped, service.Store.State);
    }

    // Nothing that was acknowledged is lost: it starts, and says what it refuses.
    [Fact]
    public async Task Start_MoreEntriesThanMemory_LoadsAndWarns()
    {
        var disk = new FakeDisk(new Random(1));
        await using (var before = await KvServer.StartAsync(SituationServers.LogOn(disk)))
            (await before.Client.PutAsync("/v1/kv/large", new string('v', 200_000))).Expect(201);

        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            CommitLog = SituationServers.LogOn(disk),
            Settings = { ["EntriesBytesMax"] = "100KiB", ["ValueBytesMax"] = "2000" },
            Log = new LogLines(),
        });
        await service.Log.WaitAsync(line => line.Message.Contains("KvStore:EntriesBytesMax is 102400 B", StringComparison.Ordinal));
        (await service.Client.PutAsync("/v1/kv/more", "value")).ExpectProblem(507, "memory-full");
        Assert.Equal(200_000, (await service.Client.GetAsync("/v1/kv/large")).Expect(200).Body.Length);
        (await service.Client.DeleteAsync("/v1/kv/large")).Expect(204);
        (await service.Client.PutAsync("/v1/kv/more", "value")).Expect(201);
    }

    [Fact]
    public async Task Stop_RightAfterStart_Completes()
    {
        for (var i = 0; i < 10; i++)
        {
            await using var service = await KvServer.StartAsync();
            await service.Host.StopAsync(Cancellation).Within();
            Assert.Equal(ExitCodes.Success, service.ExitCode);
        }
    }

    [Fact]
    public async Task Stop_CommitHangs_EndsAndLogs()
    {
        var gate = new Gate();
        await using var service = await KvServer.StartAsync(new KvServerOptions { CommitLog = new FakeCommitLog { Committing = gate.PassAsync }, Settings = { ["ShutdownTimeout"] = "00:00:01" }, Log = new LogLines() });
        var write = service.Store.SubmitAsync(NewWrite());
        await gate.Reached;

        var watch = Stopwatch.StartNew();
        await service.Host.StopAsync(Cancellation).Within();
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(4));
        Assert.Equal(ExitCodes.StoreFailed, service.ExitCode);
        await service.Log.WaitAsync(line => line.Level == LogLevel.Error && line.Message.Contains("still undecided", StringComparison.Ordinal));

        gate.Open();
        Assert.IsType<Outcome.Committed>(await write.Within());
    }

    [Fact]
    public async Task Run_StoreFails_StopsWithExitCode()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { CommitLog = new FakeCommitLog { Committing = () => throw new InvalidOperationException("injected") }, Log = new LogLines() });
        var stopping = WhenCancelled(service.Lifetime.ApplicationStopping);
        Assert.IsType<Outcome.Unknown>(await service.Store.SubmitAsync(NewWrite()).Within());

        await stopping;
        Assert.Equal(ExitCodes.StoreFailed, service.ExitCode);
        var line = await service.Log.WaitAsync(line => line.Level == LogLevel.Critical);
        Assert.Equal("injected", line.Exception?.Message);
        Assert.Contains("Start it again", line.Message, StringComparison.Ordinal);
        await WhenCancelled(service.Lifetime.ApplicationStopped);
        Assert.Equal(ExitCodes.StoreFailed, service.ExitCode);
    }

    [Fact]
    public async Task Start_StoreLoading_ListensAndIsNotReady()
    {
        var gate = new Gate();
        await using var service = await KvServer.StartAsync(new KvServerOptions { CommitLog = new FakeCommitLog { Following = _ => gate.PassAsync() } });
        using var client = service.NewClient();
        using (var live = await client.GetAsync("/livez", Cancellation))
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        using (var ready = await client.GetAsync("/readyz", Cancellation))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        using (var read = await client.GetAsync("/v1/kv/a", Cancellation))
            Assert.Contains("still loading. Try again", await read.Content.ReadAsStringAsync(Cancellation));
        using (var body = new StringContent("b"))
        using (var write = await client.PutAsync("/v1/kv/a", body, Cancellation))
            Assert.Contains("still loading. Nothing was stored. Try again", await write.Content.ReadAsStringAsync(Cancellation));

        gate.Open();
        await service.Store.Loaded.Within();
        using (var ready = await client.GetAsync("/readyz", Cancellation))
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Start_DataForMemoryEngine_Warns()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { Settings = { ["Data"] = "/some/where" }, Log = new LogLines() });
        var line = await service.Log.WaitAsync(line => line.Message.Contains("/some/where", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Warning, line.Level);
    }

    [Fact]
    public async Task StartAndStop_Idle_LogOneLineEach()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { Log = new LogLines() });
        var started = await service.Log.WaitAsync(line => line.Message.StartsWith("KvStore ", StringComparison.Ordinal));
        Assert.Contains($"http://127.0.0.1:{service.EndPoint.Port}", started.Message.Replace("[::]", "127.0.0.1", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("engine memory", started.Message, StringComparison.Ordinal);
        await service.Host.StopAsync(Cancellation);
        await service.Log.WaitAsync(line => line.Message.StartsWith("KvStore has stopped at revision 0", StringComparison.Ordinal));
        Assert.DoesNotContain(service.Log.All, line => line.Level >= LogLevel.Warning && !line.Message.StartsWith("Overriding address", StringComparison.Ordinal));
    }

    private static Transaction NewWrite() => new([], [new Put(Key.Parse("a"), new byte[1], "text/plain")]);

    private static Task WhenCancelled(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(cancelled.SetResult);
        return cancelled.Task.Within();
    }
}
