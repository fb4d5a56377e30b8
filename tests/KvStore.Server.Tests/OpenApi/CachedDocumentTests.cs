using System.IO.Compression;

namespace KvStore.Server.Tests;

/// <summary>The OpenAPI document is made once, and a client need not fetch it twice.</summary>
public sealed class CachedDocumentTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    public async Task Get_KnownETag_IsNotModified(string encoding)
    {
        var etag = (await GetAsync(encoding)).Expect(200).Header("ETag")!;
        var again = (await server.Client.GetAsync(ApiDocument.Path, ("Accept-Encoding", encoding), ("If-None-Match", etag))).Expect(304);
        Assert.Empty(again.Body);
        Assert.Equal("Accept-Encoding", again.Header("Vary"));
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("br, GZIP;q=0.5", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("br", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    public async Task Get_AcceptEncoding_IsCompressedOrNot(string encoding, bool isCompressed)
    {
        var plain = (await server.Client.GetAsync(ApiDocument.Path)).Expect(200);
        Assert.Null(plain.Header("Content-Encoding"));
        Assert.Equal("application/json; charset=utf-8", plain.ContentType);
        Assert.Equal("no-cache", plain.Header("Cache-Control"));

        var answer = (await GetAsync(encoding)).Expect(200);
        Assert.Equal(isCompressed ? "gzip" : null, answer.Header("Content-Encoding"));
        Assert.Equal(isCompressed, answer.Header("ETag") != plain.Header("ETag"));
        if (!isCompressed)
        {
            Assert.Equal(plain.Text, answer.Text);
            return;
        }

        Assert.True(answer.Body.Length * 5 < plain.Body.Length, $"{answer.Body.Length} of {plain.Body.Length} bytes");
        using var gzip = new GZipStream(new MemoryStream(answer.Body), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        Assert.Equal(plain.Text, await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private Task<Response> GetAsync(string encoding) => server.Client.GetAsync(ApiDocument.Path, ("Accept-Encoding", encoding));
}
