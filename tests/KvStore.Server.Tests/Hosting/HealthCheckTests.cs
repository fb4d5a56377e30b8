using System.Net;
using System.Net.Sockets;

namespace KvStore.Server.Tests;

public sealed class HealthCheckTests
{
    [Fact]
    public async Task Run_ServiceReady_Is0()
    {
        await using var service = await KvServer.StartAsync();
        var (code, said) = await RunAsync(("urls", $"http://*:{service.EndPoint.Port}"));
        Assert.Equal(ExitCodes.Success, code);
        Assert.Equal($"http://localhost:{service.EndPoint.Port}/readyz answered 200: {{\"status\":\"ready\"}}", said);
    }

    [Fact]
    public async Task Run_ServiceNotReady_Is1()
    {
        await using var service = await KvServer.StartAsync();
        await service.Store.StopAsync(TestContext.Current.CancellationToken);
        var (code, said) = await RunAsync(("http_ports", $"{service.EndPoint.Port}"));
        Assert.Equal(ExitCodes.Failure, code);
        Assert.StartsWith($"http://localhost:{service.EndPoint.Port}/readyz answered 503: {{", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoServiceOrNoResponse_Is1()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var port = ((IPEndPoint)deaf.LocalEndpoint).Port;
        Assert.Equal((ExitCodes.Failure, $"http://127.0.0.1:{port}/readyz could not be reached: no answer within 2 s"), await RunAsync(("urls", $"http://127.0.0.1:{port}")));
        deaf.Stop();
        var (code, said) = await RunAsync(("urls", $"http://127.0.0.1:{port}"));
        Assert.Equal(ExitCodes.Failure, code);
        Assert.StartsWith($"http://127.0.0.1:{port}/readyz could not be reached: Connection refused", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_HttpsButServiceHasNone_SaysWhy()
    {
        await using var service = await KvServer.StartAsync();
        var (code, said) = await RunAsync(("urls", $"https://127.0.0.1:{service.EndPoint.Port}"));
        Assert.Equal(ExitCodes.Failure, code);
        Assert.StartsWith($"https://127.0.0.1:{service.EndPoint.Port}/readyz could not be reached: no TLS connection: ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoAddress_Is1() =>
        Assert.Equal((ExitCodes.Failure, "There is no address to check. Give one with --urls."), await RunAsync(("urls", "http://unix:/tmp/socket")));

    private static async Task<(int Code, string Said)> RunAsync(params (string Key, string Value)[] settings)
    {
        using var output = new StringWriter();
        var code = await HealthCheck.RunAsync(KvStoreSettingsTests.Configuration(settings), output);
        return (code, output.ToString().Trim());
    }
}
