namespace KvStore.Server.Tests;

public sealed class CrossOriginAccessTests : IAsyncLifetime
{
    private const string Allowed = "https://app.example";

    private KvServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await KvServer.StartAsync(("AllowedOrigins", $"{Allowed}; http://localhost:3000"));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("PUT", "/v1/kv/a")]
    [InlineData("GET", "/v1/kv/a")]
    [InlineData("PATCH", "/v1/kv/a")]
    [InlineData("DELETE", "/v1/kv/a")]
    [InlineData("POST", "/v1/counters/a")]
    [InlineData("POST", "/v1/txn")]
    [InlineData("GET", "/v1/watch")]
    public async Task Preflight_OfAllowedOrigin_AllowsMethodAndHeaders(string method, string target)
    {
        var answer = await PreflightAsync(method, target, Allowed);
        Assert.Equal(204, answer.Status);
        Assert.Equal(Allowed, answer.Header("Access-Control-Allow-Origin"));
        Assert.Contains(method, answer.Header("Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Equal("authorization,content-type,if-match,kvstore-store-id", answer.Header("Access-Control-Allow-Headers"));
        Assert.Equal("600", answer.Header("Access-Control-Max-Age"));
        Assert.Null(answer.Header("Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData("https://attacker.example")]
    [InlineData("https://app.example.attacker.example")]
    [InlineData("http://app.example")]
    [InlineData("https://app.example:444")]
    [InlineData("null")]
    public async Task Preflight_OfAnotherOrigin_AllowsNothing(string origin) =>
        Assert.Null((await PreflightAsync("PUT", "/v1/kv/a", origin)).Header("Access-Control-Allow-Origin"));

    [Fact]
    public async Task Request_OfAllowedOrigin_IsAnsweredForIt()
    {
        var put = (await _server.Client.PutAsync("/v1/kv/a", "v", ("Origin", Allowed), ("Sec-Fetch-Site", "cross-site"))).Expect(201);
        Assert.Equal(Allowed, put.Header("Access-Control-Allow-Origin"));
        Assert.Equal("Origin", put.Header("Vary"));
        var exposed = put.Header("Access-Control-Expose-Headers")!.Split(',');
        Assert.Contains("ETag", exposed);
        Assert.Contains("KvStore-Revision", exposed);
        Assert.Equal("http://localhost:3000", (await _server.Client.GetAsync("/v1/kv/a", ("Origin", "http://localhost:3000"))).Expect(200).Header("Access-Control-Allow-Origin"));

        // The page sees what is wrong, too.
        var missing = await _server.Client.GetAsync("/v1/kv/absent", ("Origin", Allowed));
        missing.ExpectProblem(404, "not-found");
        Assert.Equal(Allowed, missing.Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Request_OfAnotherOrigin_IsNotAnsweredForIt()
    {
        (await _server.Client.PutAsync("/v1/kv/a", "v", ("Origin", "https://attacker.example"))).ExpectProblem(403, "foreign-origin", "Origin");
        Assert.Null((await _server.Client.GetAsync("/v1/kv", ("Origin", "https://attacker.example"))).Expect(200).Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Preflight_NoAllowedOrigins_AllowsNothing()
    {
        await using var server = await KvServer.StartAsync();
        using var raw = await server.ConnectAsync();
        var answer = await raw.RequestAsync("OPTIONS", "/v1/kv/a", "", $"Origin: {Allowed}", "Access-Control-Request-Method: PUT");
        Assert.DoesNotContain(answer.Headers.Keys, name => name.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task ExposedHeaders_AreThoseOfTheDocument()
    {
        var document = (await _server.Client.GetAsync("/openapi/v1.json")).Json;
        var documented = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .SelectMany(operation => operation.Value.GetProperty("responses").EnumerateObject())
            .Select(response => OpenApiReferences.Resolve(document, response.Value))
            .SelectMany(response => response.TryGetProperty("headers", out var headers) ? headers.EnumerateObject().Select(header => header.Name) : [])
            .Distinct(StringComparer.OrdinalIgnoreCase);

        // Every page may read these (the CORS-safelisted response headers of the Fetch standard).
        string[] safe = ["Cache-Control", "Content-Length", "Content-Type", "Expires", "Last-Modified", "Pragma", "Content-Language"];
        Assert.Empty(documented.Except(safe, StringComparer.OrdinalIgnoreCase).Except(CrossOriginAccess.ExposedHeaders, StringComparer.OrdinalIgnoreCase));
    }

    private async Task<Response> PreflightAsync(string method, string target, string origin)
    {
        using var raw = await _server.ConnectAsync();
        return await raw.RequestAsync("OPTIONS", target, "", $"Origin: {origin}", $"Access-Control-Request-Method: {method}",
            "Access-Control-Request-Headers: authorization,content-type,if-match,kvstore-store-id", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors");
    }
}
