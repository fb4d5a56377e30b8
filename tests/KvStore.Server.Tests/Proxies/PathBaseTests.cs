using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>The service below a path of a proxy, which passes that path on or removes it.</summary>
public sealed partial class PathBaseTests : IAsyncLifetime
{
    private const string Base = "/base/x";

    private KvServer _service = null!;

    public async ValueTask InitializeAsync() => _service = await KvServer.StartAsync(("PathBase", Base));

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Key_WithAndWithoutBase_IsTheSame()
    {
        Assert.Equal(201, (await SendAsync($"PUT {Base}/v1/kv/a%2Fb%252Fc", "v")).Status);
        foreach (var target in (string[])[$"{Base}/v1/kv/a/b%252Fc", "/v1/kv/a/b%252Fc", $"http://localhost{Base}/v1/kv/a%2Fb%252Fc"])
            Assert.Equal((200, "v"), Shown(await SendAsync("GET " + target)));
        Assert.Equal(200, (await SendAsync($"POST {Base}/v1/counters/n")).Status);
        Assert.Equal((200, "1"), Shown(await SendAsync("GET /v1/kv/n")));
    }

    [Theory]
    [InlineData(Base + "/v1/kv/../a", 400, "malformed-key")]
    [InlineData(Base + "/v1/kv/../../../v1/kv/a", 400, "malformed-key")]
    [InlineData(Base + "/../../v1/kv/a", 400, "malformed-request")]
    [InlineData("/x/.." + Base + "/v1/kv/a", 404, "no-such-resource")]
    [InlineData("/BASE/x/v1/kv/a", 404, "no-such-resource")]
    [InlineData("/%62ase/x/v1/kv/a", 404, "no-such-resource")]
    [InlineData(Base + "y/v1/kv/a", 404, "no-such-resource")]
    [InlineData("/base/v1/kv/a", 404, "no-such-resource")]
    [InlineData(Base + Base + "/v1/kv/a", 404, "no-such-resource")]
    [InlineData(Base + "/v1/kv/a", 404, "not-found")]
    [InlineData("/v1/kv/a", 404, "not-found")]
    public async Task Get_OtherPaths_AreNeverAnotherKey(string target, int status, string problem)
    {
        Assert.Equal(201, (await SendAsync("PUT /v1/kv/x", "v")).Status);
        var answer = await SendAsync("GET " + target);
        Assert.Equal(status, answer.Status);
        var type = JsonDocument.Parse(answer.Body).RootElement.GetProperty("type").GetString();
        Assert.Equal($"{Base}/docs/http-api#{problem}", type);
        Assert.Equal(200, (await SendAsync("GET " + type!.Split('#')[0])).Status);
    }

    [Fact]
    public async Task Rejected_ByWebServer_HasBaseInType()
    {
        var answer = await _service.ExchangeAsync("GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Contains($"\"type\":\"{Base}/docs/http-api#malformed-request\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Append_LocationLeadsToEntry()
    {
        foreach (var prefix in (string[])[Base, ""])
        {
            var location = (await SendAsync($"POST {prefix}/v1/kv/q/", "v")).Headers["Location"];
            Assert.StartsWith(Base + "/v1/kv/q/", location, StringComparison.Ordinal);
            Assert.Equal((200, "v"), Shown(await SendAsync("GET " + location)));
        }
    }

    [Theory]
    [InlineData("", "/swagger")]
    [InlineData("/", "/swagger")]
    [InlineData("/docs/http-api.md", "/docs/http-api")]
    public async Task Get_Redirect_StaysBelowBase(string path, string expected)
    {
        var answer = await SendAsync($"GET {Base}{path}");
        Assert.Equal((302, Base + expected), (answer.Status, answer.Headers["Location"]));
    }

    [Fact]
    public async Task Documents_EveryLink_LeadsToPageBelowBase()
    {
        foreach (var page in (string[])["/docs", "/docs/operations"])
        {
            var links = Link().Matches(Encoding.UTF8.GetString((await SendAsync($"GET {Base}{page}")).Body)).Select(link => link.Groups[1].Value).Where(link => link.StartsWith('/')).Select(link => link.Split('#')[0]).Distinct().ToArray();
            Assert.NotEmpty(links);
            Assert.All(links, link => Assert.StartsWith(Base + "/", link, StringComparison.Ordinal));
            foreach (var link in links)
                Assert.InRange((await SendAsync("GET " + link)).Status, 200, 302);
        }
    }

    [Fact]
    public async Task OpenApi_ServerIsBaseAndLinksBeginWithIt()
    {
        var text = Encoding.UTF8.GetString((await SendAsync($"GET {Base}/openapi/v1.json")).Body);
        using var document = JsonDocument.Parse(text);
        Assert.Equal(Base, Assert.Single(document.RootElement.GetProperty("servers").EnumerateArray().ToArray()).GetProperty("url").GetString());
        Assert.Equal(Base + "/docs/http-api", document.RootElement.GetProperty("externalDocs").GetProperty("url").GetString());
        Assert.DoesNotContain("(/docs", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SwaggerUi_NamesNothingFromTheRoot()
    {
        var page = Encoding.UTF8.GetString((await SendAsync($"GET {Base}/swagger/index.html")).Body);
        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=[\"']/", page);
        Assert.DoesNotContain("\"/openapi", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IdempotencyKey_WithAndWithoutBase_IsOneRequest()
    {
        const string Header = "Idempotency-Key: k\r\n";
        var first = await SendAsync("POST /v1/kv/q/", "v", Header);
        var second = await SendAsync($"POST {Base}/v1/kv/q/", "v", Header);
        Assert.Equal((201, first.Headers["Location"]), (second.Status, second.Headers["Location"]));
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/kv", true)]
    [InlineData("/a.b/~c-d_1", true)]
    [InlineData("kv", false)]
    [InlineData("/kv/", false)]
    [InlineData("//", false)]
    [InlineData("/a/../b", false)]
    [InlineData("/a%20b", false)]
    [InlineData("/é", false)]
    public void IsPathBase_Text_IsAcceptableOrNot(string path, bool isAcceptable) => Assert.Equal(isAcceptable, ProxySettings.IsPathBase(path));

    private static (int Status, string Body) Shown(Response answer) => (answer.Status, Encoding.UTF8.GetString(answer.Body));

    private async Task<Response> SendAsync(string line, string body = "", string headers = "")
    {
        using var connection = await _service.ConnectAsync();
        return await connection.ExchangeAsync($"{line} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}");
    }

    [GeneratedRegex("href=\"([^\"]+)\"")]
    private static partial Regex Link();
}
