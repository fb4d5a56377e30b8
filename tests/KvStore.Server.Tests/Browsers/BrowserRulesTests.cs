namespace KvStore.Server.Tests;

/// <summary>Which requests of pages are refused, by the headers that browsers send.</summary>
public sealed class BrowserRulesTests(KvServer server) : IClassFixture<KvServer>
{
    private const string Append = "POST /v1/kv/rules/";

    public static TheoryData<string> Writes =>
    [
        "PUT /v1/kv/rules/a", "DELETE /v1/kv/rules/a", "PATCH /v1/kv/rules/a", Append, "POST /v1/counters/rules", "POST /v1/txn", "POST /v1/batch/get",
        "POST /v1/import", "DELETE /v1/kv?prefix=rules/", "POST /v1/admin/checkpoint", "PUT /person/update", "POST /nowhere",
    ];

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_OfAnotherSite_Is403(string request)
    {
        (await SendAsync(request, "Sec-Fetch-Site: cross-site")).ExpectProblem(403, "foreign-origin", "Sec-Fetch-Site");
        (await SendAsync(request, "Origin: https://attacker.example")).ExpectProblem(403, "foreign-origin", "Origin");
        Assert.Equal(0, server.Store.Latest.Revision);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site: same-site")]
    [InlineData("Sec-Fetch-Site: later-invented")]
    [InlineData("sec-fetch-site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-origin", "Origin: https://attacker.example")]
    [InlineData("Origin: null")]
    [InlineData("Origin: http://localhost:81")]
    [InlineData("Origin: http://localhost", "Origin: https://attacker.example")]
    [InlineData("Origin: http://localhost.attacker.example")]
    [InlineData("Origin: localhost")]
    public async Task Write_NotOfOwnPage_Is403(params string[] headers)
    {
        Assert.Equal(403, (await SendAsync(Append, headers)).Status);
        Assert.Equal(0, server.Store.Latest.Revision);
    }

    [Theory]
    [InlineData()]
    [InlineData("Origin: http://localhost")]
    [InlineData("Origin: https://LOCALHOST")]
    [InlineData("Sec-Fetch-Site: same-origin")]
    [InlineData("Sec-Fetch-Site: none")]
    [InlineData("Sec-Fetch-Site: same-origin", "Origin: http://localhost")]
    public async Task Write_OfOwnPageOrNoBrowser_Succeeds(params string[] headers)
    {
        await using var own = await KvServer.StartAsync();
        using var raw = await own.ConnectAsync();
        (await raw.RequestAsync("POST", "/v1/kv/rules/", "v", headers)).Expect(201);
    }

    [Theory]
    [InlineData("GET /v1/kv")]
    [InlineData("HEAD /v1/kv")]
    [InlineData("OPTIONS /v1/kv")]
    [InlineData("GET /livez")]
    public async Task Read_OfAnotherSite_IsAnswered(string request) =>
        Assert.InRange((await SendAsync(request, "Sec-Fetch-Site: cross-site", "Origin: https://attacker.example")).Status, 200, 204);

    [Theory]
    [InlineData("GET /v1/kv/worker.js")]
    [InlineData("GET /swagger/index.html")]
    public async Task Request_ForServiceWorker_Is403(string request) =>
        (await SendAsync(request, "Service-Worker: script")).ExpectProblem(403, "foreign-origin", "Service-Worker");

    [Theory]
    [InlineData("GET /v1/kv")]
    [InlineData("PUT /v1/kv/rules/a")]
    [InlineData("GET /livez")]
    [InlineData("GET /swagger/index.html")]
    [InlineData("GET /nowhere")]
    public async Task Request_ForAnotherHost_Is421(string request)
    {
        using var raw = await server.SendAsync($"{request} HTTP/1.1\r\nHost: attacker.example:8080\r\nContent-Length: 0\r\n\r\n");
        var answer = await raw.ReadAsync(request.Split(' ')[0]);
        answer.ExpectProblem(421, "misdirected-request", "Host");
        Assert.Contains("attacker.example:8080 is not one of this service", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /v1/kv", "Forwarded", "for=192.0.2.1")]
    [InlineData("GET /v1/kv", "X-Forwarded-For", "192.0.2.1")]
    [InlineData("PUT /v1/kv/rules/a", "X-Forwarded-For", "")]
    public async Task Request_OfUnknownProxy_Is403(string request, string header, string value)
    {
        (await SendAsync(request, $"{header}: {value}")).ExpectProblem(403, "unknown-proxy", header);
        Assert.Equal(0, server.Store.Latest.Revision);
    }

    [Fact]
    public async Task Request_WithoutHost_IsAnswered()
    {
        using var raw = await server.SendAsync("GET /readyz HTTP/1.0\r\n\r\n");
        (await raw.ReadAsync()).Expect(200);
    }

    [Fact]
    public async Task Request_ForAllowedHost_IsAnswered()
    {
        await using var own = await KvServer.StartAsync(("AllowedHosts", "kv.example"));
        using var raw = await own.SendAsync("GET /readyz HTTP/1.1\r\nHost: kv.example\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        (await raw.ReadAsync()).Expect(200);
        (await raw.ReadAsync()).Expect(200);
    }

    [Theory]
    [InlineData("/v1/txn", "{}", "")]
    [InlineData("/v1/txn", "{}", "text/plain")]
    [InlineData("/v1/txn", "{}", "application/x-www-form-urlencoded")]
    [InlineData("/v1/batch/get", "{}", "")]
    [InlineData("/v1/import", "{}", "")]
    [InlineData("/v1/import", "{}", "text/plain;charset=UTF-8")]
    [InlineData("/v1/import", "{}", "application/json")]
    public async Task Post_WithoutItsType_Is415(string target, string body, string contentType)
    {
        var answer = await SendAsync($"POST {target}", body, contentType.Length > 0 ? [$"Content-Type: {contentType}"] : []);
        answer.ExpectProblem(415, "unsupported-media-type", "Content-Type");
        Assert.Equal(0, server.Store.Latest.Revision);
    }

    private Task<Response> SendAsync(string request, params string[] headers) => SendAsync(request, "", headers);

    private async Task<Response> SendAsync(string request, string body, string[] headers)
    {
        using var raw = await server.ConnectAsync();
        return await raw.RequestAsync(request.Split(' ')[0], request.Split(' ')[1], body, headers);
    }
}
