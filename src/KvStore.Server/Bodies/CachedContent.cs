using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>
/// A document of this release, made once: its bytes as they are sent, plain and compressed, and their ETags. Immutable, so that any
/// number of requests share it and none does more than copy it to its connection.
/// </summary>
internal sealed class CachedContent
{
    private readonly string _contentType;
    private readonly byte[] _plain;
    private readonly byte[] _compressed;
    private readonly EntityTagHeaderValue _plainTag;
    private readonly EntityTagHeaderValue _compressedTag;

    public CachedContent(byte[] utf8, string contentType)
    {
        _contentType = contentType;
        _plain = utf8;
        _compressed = Compress(utf8);
        var hash = Convert.ToHexStringLower(SHA256.HashData(utf8).AsSpan(0, 8));
        _plainTag = new EntityTagHeaderValue($"\"{hash}\"");

        // Two representations with one strong tag would be taken for the same bytes.
        _compressedTag = new EntityTagHeaderValue($"\"{hash}-gzip\"");
    }

    /// <summary>Answers a GET or HEAD: 304 for a known ETag, otherwise the content, compressed if the client accepts gzip.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        var headers = context.Response.Headers;

        // Revalidated each time, so that a browser never shows the content of another release.
        headers.CacheControl = "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        if (!AcceptsGzip(context.Request))
            return TypedResults.Bytes(_plain, _contentType, entityTag: _plainTag).ExecuteAsync(context);
        headers.ContentEncoding = "gzip";
        return TypedResults.Bytes(_compressed, _contentType, entityTag: _compressedTag).ExecuteAsync(context);
    }

    // By name only: a client that accepts anything (*) need not be able to decompress.
    private static bool AcceptsGzip(HttpRequest request)
    {
        foreach (var coding in request.GetTypedHeaders().AcceptEncoding)
        {
            if (coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase))
                return coding.Quality is not 0;
        }

        return false;
    }

    private static byte[] Compress(byte[] utf8)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal))
            gzip.Write(utf8);
        return output.ToArray();
    }
}
