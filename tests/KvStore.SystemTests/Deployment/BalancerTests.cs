using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>The shipped configurations of load balancers, each started in front of a service.</summary>
[Trait("Needs", "packages")]
public sealed class BalancerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("haproxy")]
    [InlineData("nginx")]
    [InlineData("caddy")]
    public async Task Requests_OverTls_ArriveUnchanged(string name)
    {
        using var key = new TestKey();
        await using var server = await ServerProcess.StartAsync(key.Setting);
        await using var balancer = await BalancerProcess.StartAsync(name, server.Address.Port);
        using var client = balancer.NewClient();
        key.Use(client);

        // Keys that proxies tend to rewrite; .NET leaves them as they are.
        foreach (var target in (string[])["/v1/kv/check//a%2Fb%252Fc", "/v1/kv/a%3Fb%23c", "/v1/kv/caf%C3%A9+%20"])
        {
            using var put = await client.PutAsync(Unchanged(balancer.Address, target), new StringContent(target), Cancellation);
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }

        var page = await client.GetFromJsonAsync<JsonElement>("/v1/kv?values=true", Cancellation);
        Assert.Equal(
            ["a?b#c", "café+ ", "check//a/b%2Fc"],
            page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()));

        using var large = await client.PutAsync("/v1/kv/large", new ByteArrayContent(new byte[(1 << 20) + 1]), Cancellation);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "application/problem+json"), (large.StatusCode, large.Content.Headers.ContentType?.MediaType));

        using var tagged = new HttpRequestMessage(HttpMethod.Get, "/v1/kv/a%3Fb%23c");
        tagged.Headers.AcceptEncoding.ParseAdd("gzip");
        tagged.RequestUri = Unchanged(balancer.Address, "/v1/kv/a%3Fb%23c");
        using var plain = await client.SendAsync(tagged, Cancellation);
        Assert.Equal((false, "\"2\""), (plain.Headers.ETag!.IsWeak, plain.Headers.ETag.Tag));

        using var repeated = new HttpRequestMessage(HttpMethod.Post, "/v1/kv/log/") { Content = new StringContent("line"), Headers = { { "Idempotency-Key", "one" } } };
        using var appended = await client.SendAsync(repeated, Cancellation);
        Assert.Equal(HttpStatusCode.Created, appended.StatusCode);
    }

    [Theory]
    [InlineData("haproxy")]
    [InlineData("nginx")]
    [InlineData("caddy")]
    public async Task Watch_OverTls_ComesAtOnceAndLasts(string name)
    {
        using var key = new TestKey();
        await using var server = await ServerProcess.StartAsync(key.Setting, ("WatchBookmarkInterval", "1h"));
        await using var balancer = await BalancerProcess.StartAsync(name, server.Address.Port);
        using var client = balancer.NewClient();
        key.Use(client);

        using var response = await client.GetAsync("/v1/watch?prefix=", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal(": watching after revision 0", await NextAsync());
        for (var revision = 1; revision <= 3; revision++)
        {
            using var put = await client.PutAsync("/v1/kv/key", new StringContent("value"), Cancellation);
            while (await NextAsync() is var line && line != "event: change")
                Assert.Equal("", line);
            Assert.EndsWith($".{revision}", await NextAsync(), StringComparison.Ordinal);
            Assert.StartsWith("data: ", await NextAsync(), StringComparison.Ordinal);
        }

        async Task<string?> NextAsync() => await lines.ReadLineAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    private static Uri Unchanged(Uri address, string target) => new(address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}
