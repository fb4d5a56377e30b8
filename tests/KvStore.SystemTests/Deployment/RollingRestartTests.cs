namespace KvStore.SystemTests;

/// <summary>
/// The single node restarts behind a load balancer while clients work: no request fails. KVSTORE_TEST_LONG=1 restarts a hundred times.
/// </summary>
[Trait("Needs", "packages")]
public sealed class RollingRestartTests
{
    private static readonly int Restarts = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 100 : 1;

    /// <summary>HAProxy holds the requests, because it knows from the check that the service is not ready.</summary>
    [Fact]
    public async Task Restart_BehindHaproxy_FailsNoRequest()
    {
        using var data = new DataDirectory();
        using var key = new TestKey();
        var port = BalancerProcess.FreePort();
        await RestartAsync("haproxy", port, key, () => ServerProcess.Launch(["--urls", $"http://127.0.0.1:{port}", "--data", data.FullName], key.Setting, ("DrainTime", "2s")));
    }

    /// <summary>The socket that stays open holds the connections, because nginx cannot.</summary>
    [Fact]
    public async Task Restart_BehindNginxWithSocket_FailsNoRequest()
    {
        using var data = new DataDirectory();
        using var socket = new PassedSocket();
        using var key = new TestKey();
        await RestartAsync("nginx", socket.Port, key, () => socket.Launch(["--data", data.FullName], key.Setting, ("DrainTime", "500ms")));
    }

    /// <summary>Clients without a load balancer: connections that wait are answered by the next process.</summary>
    [Fact]
    public async Task Restart_WithSocket_RefusesNoConnection()
    {
        using var data = new DataDirectory();
        using var socket = new PassedSocket();
        await using (var first = await socket.Launch(["--data", data.FullName], ("DrainTime", "500ms")).WhenReadyAsync())
        {
            using var connection = await RawConnection.ConnectAsync(first.Address);
            await connection.PutAsync("key", "value");
            Assert.Contains(first.Output.ToArray(), line => line.Contains($"serves http://127.0.0.1:{socket.Port}: Swagger UI", StringComparison.Ordinal));
            first.Send(Signal.Terminate);
            Assert.Equal(0, await first.WaitForExitAsync(TimeSpan.FromSeconds(10)));
        }

        using var waiting = await RawConnection.ConnectAsync(new Uri($"http://127.0.0.1:{socket.Port}"));
        var answer = waiting.GetAsync("key");
        await using var second = socket.Launch(["--data", data.FullName]);
        Assert.Equal("value", (await answer).Expect(200).Text);
    }

    private static async Task RestartAsync(string balancer, int port, TestKey key, Func<ServerProcess> launch)
    {
        await using var proxy = await BalancerProcess.StartAsync(balancer, port);
        using var client = proxy.NewClient();
        key.Use(client);
        var server = await launch().WhenReadyAsync();
        using var load = new RestartLoad(client);
        try
        {
            load.Start();
            await load.AnsweredAsync(500);
            for (var i = 0; i < Restarts; i++)
            {
                server.Send(Signal.Terminate);
                Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(15)));
                await server.DisposeAsync();
                server = launch();
                await server.WhenReadyAsync();
                await load.AnsweredAsync(500);
            }

            await load.EndAsync();
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{string.Join('\n', load.Failures.Take(20))}\n{proxy.Output}\n{server.Transcript}", exception);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
