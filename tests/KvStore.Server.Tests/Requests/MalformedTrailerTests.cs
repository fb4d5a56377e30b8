namespace KvStore.Server.Tests;

/// <summary>Trailer fields with characters that no header may have: the web server reports them in another way than malformed headers.</summary>
public sealed class MalformedTrailerTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("PUT", "/v1/kv/trailer", "X-Trailer: a\x8d")]
    [InlineData("PUT", "/v1/kv/trailer", "X-Trailer: \0a")]
    [InlineData("POST", "/v1/import", "X-Trailer: a\x8d", "application/x-ndjson")]
    [InlineData("POST", "/v1/txn", "X-Trailer: a\x8d")]
    public async Task Request_TrailerMalformed_Is400AndStoresNothing(string method, string target, string trailer, string contentType = "application/json")
    {
        using var raw = await server.ConnectAsync();
        await raw.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {contentType}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n{trailer}\r\n\r\n");
        (await raw.ReadAsync(method)).ExpectProblem(400, "malformed-request");
        Assert.Equal(0, server.Store.Latest.Count);
    }
}
