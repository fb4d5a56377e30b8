namespace KvStore.Server.Tests;

/// <summary>How a request says who makes it, and what is answered if it does not.</summary>
public sealed class AuthenticationTests(AuthenticationTests.Keyed keyed) : IClassFixture<AuthenticationTests.Keyed>
{
    private readonly KvServer _server = keyed.Server;

    [Fact]
    public async Task Request_EitherHeader_IsAuthenticated()
    {
        (await _server.Client.PutAsync("/v1/kv/either", "value", Bearer(TestKeys.Write))).Expect(201);
        Assert.Equal("value", (await _server.Client.GetAsync("/v1/kv/either", ("X-Api-Key", TestKeys.Read))).Expect(200).Text);
        (await _server.Client.GetAsync("/v1/kv/either", ("authorization", "bearer " + TestKeys.Read))).Expect(200);
    }

    [Fact]
    public async Task Request_WithoutKey_Is401WithChallenge()
    {
        var answer = (await _server.Client.GetAsync("/v1/kv/a")).ExpectProblem(401, "unauthorized");
        Assert.Equal("Bearer realm=\"kvstore\"", answer.Header("WWW-Authenticate"));
    }

    public static TheoryData<string> WrongKeys => new(
        "Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz", KeyToken.New(), "Bearer " + KeyToken.New(), "Bearer " + TestKeys.Read + "A", "Bearer " + TestKeys.Read[..^1],
        "Bearer  " + TestKeys.Read, "Bearer " + TestKeys.Read.ToUpperInvariant(), "Bearer " + TestKeys.Expired);

    [Theory]
    [MemberData(nameof(WrongKeys))]
    public async Task Request_WrongKey_Is401InvalidToken(string authorization)
    {
        using var raw = await _server.SendAsync($"GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n");
        var answer = (await raw.ReadAsync()).ExpectProblem(401, "unauthorized");
        Assert.Equal("Bearer realm=\"kvstore\", error=\"invalid_token\"", answer.Header("WWW-Authenticate"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic ")]
    [InlineData("Token ")]
    public async Task Request_KeyWithoutBearer_SaysHowToWriteIt(string before)
    {
        var answer = (await _server.Client.GetAsync("/v1/kv/a", ("Authorization", before + TestKeys.Read))).ExpectProblem(401, "unauthorized");
        Assert.Equal("The header has no key where it must be. Write Authorization: Bearer kv_... or X-Api-Key: kv_....", answer.Json.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("Authorization : Bearer {0}")]
    [InlineData("Authorization: Bearer\r\n {0}")]
    [InlineData("Authorization Bearer {0}")]
    public async Task Request_KeyInMalformedHeader_IsNotRepeated(string header)
    {
        using var raw = await _server.SendAsync($"GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n{header.Replace("{0}", TestKeys.Read, StringComparison.Ordinal)}\r\n\r\n");
        var answer = (await raw.ReadAsync()).ExpectProblem(400, "malformed-request");
        Assert.DoesNotContain("kv_", answer.Text, StringComparison.Ordinal);
        Assert.Contains("A header is a name, a colon right after it, and a value, all on one line.", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_TwoKeys_Is400()
    {
        var key = "Bearer " + TestKeys.Read;
        (await _server.Client.GetAsync("/v1/kv/a", ("Authorization", key), ("X-Api-Key", TestKeys.Read))).ExpectProblem(400, "malformed-request", "Authorization");
        using var raw = await _server.SendAsync($"GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {TestKeys.Read}\r\nX-Api-Key: {TestKeys.Read}\r\n\r\n");
        (await raw.ReadAsync()).ExpectProblem(400, "malformed-request", "Authorization");
    }

    [Fact]
    public async Task Request_KeyOfOtherPrefix_Is403AndChangesNothing()
    {
        (await _server.Client.PutAsync("/v1/kv/b/1", "b", Bearer(TestKeys.BelowB))).Expect(201);
        var revision = _server.Store.Latest.Revision;
        foreach (var target in new[] { "/v1/kv/b/1", "/v1/kv/b/absent", "/v1/kv/b%2F1", "/v1/kv/a", "/v1/kv/A/1", "/v1/kv//a/1" })
        {
            var answer = (await _server.Client.GetAsync(target, Bearer(TestKeys.BelowA))).ExpectProblem(403, "forbidden");
            Assert.Equal("This key is for keys that begin with a/ or aa/ only. Name one of those, or use another key.", answer.Json.GetProperty("detail").GetString());
            (await _server.Client.PutAsync(target, "a", Bearer(TestKeys.BelowA))).ExpectProblem(403, "forbidden");
            (await _server.Client.DeleteAsync(target, Bearer(TestKeys.BelowA))).ExpectProblem(403, "forbidden");
        }

        Assert.Equal(revision, _server.Store.Latest.Revision);
        (await _server.Client.PutAsync("/v1/kv/aa/1", "a", Bearer(TestKeys.BelowA))).Expect(201);
        (await _server.Client.GetAsync("/v1/kv/a%2Fabsent", Bearer(TestKeys.BelowA))).Expect(404);
    }

    // The router does not distinguish case and takes a slash at the end; the policy is the endpoint's.
    [Theory]
    [InlineData("/v1/status")]
    [InlineData("/V1/STATUS")]
    [InlineData("/v1/status/")]
    [InlineData("/v1/%73tatus")]
    [InlineData("/v1/../v1/status")]
    [InlineData("http://localhost/v1/status")]
    [InlineData("/metrics?x=1")]
    [InlineData("/Metrics/")]
    [InlineData("/V1/KV/a")]
    [InlineData("/v1/kv/")]
    [InlineData("/v1/%6bv/a")]
    [InlineData("/v1/kv/a/../../status")]
    [InlineData("/v1/KV?prefix=")]
    [InlineData("/person/get/?id=1")]
    [InlineData("/Person/Get?id=1")]
    public async Task Request_OtherSpellingWithoutKey_IsNotServed(string target)
    {
        foreach (var method in new[] { "GET", "HEAD", "get", "TRACE" })
        {
            using var raw = await _server.ConnectAsync();
            var status = (await raw.RequestAsync(method, target)).Status;
            Assert.True(status == 401 || (status == 405 && method is not ("GET" or "HEAD")), $"{method} {target}: {status}");
        }
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/swagger/index.html")]
    [InlineData("/swagger/page.js")]
    [InlineData("/docs")]
    [InlineData("/docs/http-api")]
    public async Task OpenEndpoint_AnyCredential_IsServed(string target)
    {
        (await _server.Client.GetAsync(target)).Expect(200);
        (await _server.Client.GetAsync(target, Bearer("wrong"))).Expect(200);
        (await _server.Client.GetAsync(target, Bearer(TestKeys.BelowA))).Expect(200);
    }

    [Fact]
    public async Task AdminRight_EachUse_IsLoggedWithTheName()
    {
        var log = new LogLines();
        await using var server = await KvServer.StartAsync(new KvServerOptions { Log = log, Settings = { ["Keys"] = TestKeys.File } });
        (await server.Client.GetAsync("/v1/status", Bearer(TestKeys.Admin))).Expect(200);
        (await server.Client.GetAsync("/v1/status", Bearer(TestKeys.Read))).Expect(403);
        (await server.Client.GetAsync("/v1/kv/a", Bearer(TestKeys.All))).Expect(404);
        Assert.Equal("The key admin used the right to administer: GET /v1/status", Assert.Single(log.All, line => line.Message.Contains("administer", StringComparison.Ordinal)).Message);
    }

    internal static (string Name, string Value) Bearer(string token) => ("Authorization", "Bearer " + token);

    /// <summary>A service with the keys of <see cref="TestKeys"/>.</summary>
    public sealed class Keyed : IAsyncLifetime
    {
        public KvServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await TestKeys.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
