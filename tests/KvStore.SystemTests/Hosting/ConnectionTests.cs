using System.Net;
using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>More connections than there are descriptors, or than one address may have.</summary>
[Trait("Program", "both")]
public sealed class ConnectionTests
{
    [Fact]
    public async Task Connections_MoreThanDescriptors_AreClosedAndOthersServed()
    {
        await using var server = await ServerProcess.StartLimitedAsync(512, []);
        Assert.Contains("128 connections can be open instead of 16384: the limit of open files is 512", server.Output.ToString(), StringComparison.Ordinal);

        using var sockets = new Sockets();
        await sockets.OpenAsync(server.Address, 600);


        // The client that asked whether the service is ready may still have one of the 96.
        await server.WaitUntilAsync(_ => Task.FromResult(sockets.Alive() <= 96));
        Assert.InRange(sockets.Alive(), 95, 96);
        await RequestEverythingAsync(server, "127.0.0.2");

        await sockets.OpenAsync(server.Address, 200, "127.0.0.3");
        await server.WaitUntilAsync(_ => Task.FromResult(sockets.Alive() <= 128));
        Assert.InRange(sockets.Alive(), 127, 128);
        sockets.Dispose();
        await server.WaitUntilAsync(_ => Task.FromResult(server.OpenSockets() <= 10));
        await RequestEverythingAsync(server, "127.0.0.1");

        Assert.Equal(1, server.Output.ToArray().Count(line => line.Contains("1 connections were closed at once in the last 10 s: their address has 96 open", StringComparison.Ordinal)));
        Assert.Equal(1, server.Output.ToArray().Count(line => line.Contains("1 connections were closed at once in the last 10 s: 128 are open", StringComparison.Ordinal)));
        server.Send(Signal.Terminate);
        Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Connections_LimitLoweredBelowThoseOpen_AreAcceptedAgainLater()
    {
        Assert.SkipWhen(Repository.NativeServer is null, "The ordinary build ends: its runtime loads libraries, and asks the system for its memory, when it first needs to.");
        await using var bash = new Bash();
        await using var server = await ServerProcess.StartAsync();
        using var before = await RawConnection.ConnectAsync(server.Address);
        await RequestEverythingAsync(server, "127.0.0.1");
        using (var sockets = new Sockets())
        {
            await sockets.OpenAsync(server.Address, 50);
            await before.PutAsync("a", "1");
            await bash.RunAsync($"prlimit --pid {server.Id} --nofile=64:20000");
            await sockets.OpenAsync(server.Address, 50);
            await server.WaitForLineAsync(line => line.Contains("Accepting a connection failed", StringComparison.Ordinal));
            await before.PutAsync("a", "2");
            await bash.RunAsync($"prlimit --pid {server.Id} --nofile=20000:20000");
        }

        await RequestEverythingAsync(server, "127.0.0.1");
    }

    [Fact]
    public async Task Start_TooFewDescriptors_SaysWhatIsNeeded()
    {
        await using var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0"], [], "prlimit", "--nofile=300:300");
        Assert.Equal(1, await server.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("the limit of open files is 300, and the service needs 320 for itself", server.Error.ToString(), StringComparison.Ordinal);
    }

    // What opens files when it is first used: libraries, a checkpoint, documents.
    private static async Task RequestEverythingAsync(ServerProcess server, string source)
    {
        string[] requests =
        [
            "PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv", "GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /swagger/index.html HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /openapi/v1.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "POST /v1/admin/checkpoint HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "GET /v1/export HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ];
        foreach (var request in requests)
        {
            using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(source), 0));
            await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
            using var reader = new StreamReader(client.GetStream());
            Assert.StartsWith("HTTP/1.1 20", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }
}
