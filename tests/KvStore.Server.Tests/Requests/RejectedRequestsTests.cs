namespace KvStore.Server.Tests;

/// <summary>Requests that the web server refuses before any of our code runs.</summary>
public sealed class RejectedRequestsTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("GARBAGE\r\n\r\n", 400, "Invalid request line")]
    [InlineData("GET /livez\r\n\r\n", 400, "Invalid request line")]
    [InlineData("BREW\u0001 / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "Invalid request line")]
    [InlineData("GET /a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "%00 is not accepted")]
    [InlineData("GET /\u0080 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "Invalid request target")]
    [InlineData("GET /a%00b HTTP/1.0\r\n\r\n", 400, "Invalid request target")]
    [InlineData("GET http://localhost/b%00c HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "Nothing is served at /b%00c")]
    [InlineData("GET http://b/livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "Invalid Host header")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Invalid Host header")]
    [InlineData("GET /livez HTTP/1.1\r\n\r\n", 400, "missing Host header")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n", 400, "Multiple Host headers")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: localhost\r\nbad\r\n\r\n", 400, "Invalid request header")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: localhost\r\nX\u0000: b\r\n\r\n", 400, "Invalid characters in header name")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: \u0000\r\n\r\n", 400, "invalid headers")]
    [InlineData("POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n", 400, "Invalid content length")]
    [InlineData("POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "transfer coding")]
    [InlineData("POST /livez HTTP/1.0\r\n\r\n", 400, "contains no Content-Length")]
    [InlineData("CONNECT /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "CONNECT is not served")]
    [InlineData("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 405, "CONNECT is not served")]
    [InlineData("CONNECT localhost%00:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 400, "Invalid request target")]
    [InlineData("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "these are: OPTIONS")]
    [InlineData("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 400, "Unrecognized HTTP version")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "Unrecognized HTTP version")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", 400, "TLS handshake")]
    public async Task Request_Malformed_IsProblem(string request, int status, string said)
    {
        using var connection = await server.SendAsync(request);
        Check(await connection.ReadAsync(), status, said);
    }

    [Fact]
    public async Task Request_TargetTooLong_Is414()
    {
        using var connection = await server.SendAsync($"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Check(await connection.ReadAsync(), 414, "too long. Shorten the query, or the key");
    }

    [Theory]
    [InlineData(1, 40_000, "too long. Send shorter headers, or raise KvStore:HeadersBytesMax.")]
    [InlineData(101, 1, "too many headers. Send fewer of them.")]
    public async Task Request_HeadersTooLargeOrTooMany_Is431(int count, int length, string said)
    {
        var headers = string.Concat(Enumerable.Range(0, count).Select(i => $"X{i}: {new string('a', length)}\r\n"));
        using var connection = await server.SendAsync($"GET /livez HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        Check(await connection.ReadAsync(), 431, said);
    }

    [Fact]
    public async Task Request_HeadersTooSlow_Is408()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { Settings = { ["HeadersTimeout"] = "00:00:01" } });
        using var connection = await service.SendAsync("GET /livez HTTP/1.1\r\nHo");
        Check(await connection.ReadAsync(), 408, "too slow", "came too slowly");
    }

    [Fact]
    public async Task Request_MalformedAfterValid_BothAreAnswered()
    {
        using var connection = await server.SendAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n");
        (await connection.ReadAsync()).Expect(200);
        Check(await connection.ReadAsync(), 400, "Invalid request target");
    }

    [Fact]
    public async Task Request_MalformedHead_HasNoBody()
    {
        var answer = await server.ExchangeAsync("HEAD /livez HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_LongestKeysEncoded_FitTarget()
    {
        var key = string.Concat(Enumerable.Repeat("%61", 1024));
        var answer = await server.ExchangeAsync($"GET /nowhere/{key}?prefix={key}&after={key}&cursor={key} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 Not Found\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_Any_HasNoServerHeader()
    {
        var answer = await server.ExchangeAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain("\r\nServer:", answer, StringComparison.OrdinalIgnoreCase);
    }

    private static void Check(Response response, int status, params string[] said)
    {
        response.Expect(status);
        Assert.Equal("application/problem+json", response.ContentType);
        Assert.Equal(status, response.Json.GetProperty("status").GetInt32());
        Assert.Contains(said, part => response.Text.Contains(part, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("''", response.Text, StringComparison.Ordinal);
        if (status == 405)
            Assert.NotNull(response.Header("Allow"));
        else if (status != 404)
            Assert.Equal("close", response.Header("Connection"));
    }
}
