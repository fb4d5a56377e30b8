using Microsoft.AspNetCore.Http;

namespace KvStore.Server.Tests;

/// <summary>Whose address and scheme a request has: those that trusted proxies say, and nobody else.</summary>
public sealed class TrustedProxiesTests
{
    [Theory]
    [InlineData("10.0.0.0/8;192.168.0.1", "1.2.3.4", "127.0.0.1 http")]
    [InlineData("127.0.0.1", "1.2.3.4", "1.2.3.4 https")]
    [InlineData("127.0.0.0/8; 10.0.0.0/8", "1.2.3.4", "1.2.3.4 https")]
    [InlineData("127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4 https")]
    [InlineData("127.0.0.1;10.0.0.0/8", "6.6.6.6, 1.2.3.4, 10.1.1.1", "1.2.3.4 https")]
    [InlineData("127.0.0.1", "6.6.6.6, 10.1.1.1", "10.1.1.1 https")]
    [InlineData("127.0.0.1", "2001:db8::1", "2001:db8::1 https")]
    [InlineData("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1 https")]
    [InlineData("127.0.0.1", "nonsense", "127.0.0.1 http")]
    [InlineData("::1", "1.2.3.4", "127.0.0.1 http")]
    public async Task Get_ThroughProxy_HasAddressOfFirstThatIsNotTrusted(string trusted, string forwardedFor, string expected)
    {
        var options = new KvServerOptions { Handler = context => context.Response.WriteAsync($"{context.Connection.RemoteIpAddress} {context.Request.Scheme}", TestContext.Current.CancellationToken) };
        options.Settings["TrustedProxies"] = trusted;
        await using var service = await KvServer.StartAsync(options);
        using var client = service.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/who");
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        request.Headers.Add("X-Forwarded-Proto", string.Join(", ", forwardedFor.Split(',').Select(_ => "https")));
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Failed_ThroughProxy_IsLoggedWithClient()
    {
        var options = new KvServerOptions { Log = new LogLines() };
        options.Settings["Serilog:MinimumLevel:Default"] = "Information";
        options.Settings["TrustedProxies"] = "127.0.0.1";
        options.Settings["AccessLog"] = "true";
        await using var service = await KvServer.StartAsync(options);
        using var client = service.NewClient();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "1.2.3.4");
        using var answer = await client.GetAsync(new Uri("/livez", UriKind.Relative), TestContext.Current.CancellationToken);
        await service.Log.WaitAsync(line => line.IsRequest && line.Message.EndsWith(" at 1.2.3.4", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("none", 0)]
    [InlineData("10.0.0.1", 1)]
    [InlineData("10.0.0.1;fd00::/8; ::1", 3)]
    [InlineData("10.0.0.1/8", 1)]
    [InlineData("proxy", -1)]
    [InlineData(";", -1)]
    [InlineData("10.0.0.1,10.0.0.2", -1)]
    public void TryParseNetworks_Text_IsAcceptableOrNot(string text, int count)
    {
        var isAcceptable = ProxySettings.TryParseNetworks(text, out var networks);
        Assert.Equal(count, isAcceptable ? networks.Count : -1);
    }
}
