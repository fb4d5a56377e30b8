using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>
/// Errors that are known before the body has arrived. Many clients send all of it before they read, and would see only a broken
/// connection if the service stopped reading (RFC 9112, section 9.6).
/// </summary>
public sealed class EarlyAnswerTests(KvServer server) : IClassFixture<KvServer>
{
    private const int Bytes = 20 << 20;

    private static readonly byte[] Part = new byte[1 << 20];

    public static TheoryData<string, int> Rejections => new()
    {
        { "PUT /v1/kv/k HTTP/1.1", 413 },
        { "PATCH /v1/kv/k HTTP/1.1", 413 },
        { "POST /v1/kv/p/ HTTP/1.1", 413 },
        { "POST /v1/txn HTTP/1.1\r\nContent-Type: application/json", 413 },
        { "POST /v1/batch/get HTTP/1.1\r\nContent-Type: text/plain", 415 },
        { "PUT /person/update HTTP/1.1", 413 },
        { "PUT /v1/kv/k?tlt=1 HTTP/1.1", 400 },
        { "PUT /v1/kv/k HTTP/1.1\r\nContent-Range: bytes 0-1/2", 400 },
        { "PUT /v1/kv/k HTTP/1.1\r\nContent-Encoding: gzip", 415 },
        { "PUT /v1/kv/k HTTP/1.1\r\nExpect: applause", 417 },
        { "POST /v1/import?x=1 HTTP/1.1", 400 },
        { "POST /v1/counters/k HTTP/1.1", 400 },
        { "DELETE /v1/kv/k HTTP/1.1", 400 },
        { "POST /nowhere HTTP/1.1", 404 },
        { "PUT /livez HTTP/1.1", 405 },
        { "put /v1/kv/k HTTP/1.1", 405 },
    };

    [Theory]
    [MemberData(nameof(Rejections))]
    public async Task Request_BodyOfKnownLength_AnswerIsSeenAfterIt(string request, int status)
    {
        using var raw = await server.SendAsync($"{request}\r\nHost: localhost\r\nContent-Length: {Bytes}\r\n\r\n");
        for (var sent = 0; sent < Bytes; sent += Part.Length)
            await raw.SendAsync(Part);
        (await raw.ReadAsync()).Expect(status);
        (await raw.RequestAsync("GET", "/livez")).Expect(200);
    }

    [Theory]
    [MemberData(nameof(Rejections))]
    public async Task Request_ChunkedBody_AnswerIsSeenAfterIt(string request, int status)
    {
        using var raw = await server.SendAsync($"{request}\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var sent = 0; sent < Bytes; sent += Part.Length)
        {
            await raw.SendAsync(Part.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
            await raw.SendAsync(Part);
            await raw.SendAsync("\r\n");
        }

        await raw.SendAsync("0\r\n\r\n");
        (await raw.ReadAsync()).Expect(status);
        (await raw.RequestAsync("GET", "/livez")).Expect(200);
    }

    // Not only errors: what is not the service's to reject, such as a page with a body, is answered with success.
    [Theory]
    [InlineData("/docs/http-api")]
    [InlineData("/swagger/index.html")]
    public async Task Page_BodyThatNobodyReads_AnswerIsSeenAfterIt(string path)
    {
        using var raw = await server.SendAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Bytes}\r\n\r\n");
        for (var sent = 0; sent < Bytes; sent += Part.Length)
            await raw.SendAsync(Part);
        (await raw.ReadAsync()).Expect(200);
        (await raw.RequestAsync("GET", "/livez")).Expect(200);
    }

    // A client that asks first saves the upload.
    [Theory]
    [MemberData(nameof(Rejections))]
    public async Task Request_ExpectContinue_IsRejectedWithout100(string request, int status)
    {
        if (request.Contains("Expect", StringComparison.Ordinal))
            return;
        using var raw = await server.SendAsync($"{request}\r\nHost: localhost\r\nContent-Length: {Bytes}\r\nExpect: 100-continue\r\n\r\n");
        (await raw.ReadHeadAsync()).Expect(status);
    }

    // The rest is read for 5 seconds, whatever its length says.
    [Fact]
    public async Task Request_BodyThatNeverEnds_IsGivenUp()
    {
        using var raw = await server.SendAsync($"PUT /v1/kv/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1L << 40}\r\n\r\n");
        (await raw.ReadAsync()).Expect(413);
        Assert.Equal("", await raw.ReadToEndAsync());
    }
}
