using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>
/// A file of the console, as the build compressed it: by Brotli, and by gzip for browsers that come over http, which accept no other. Immutable.
/// </summary>
internal sealed class ConsoleFile
{
    // Names of these files have a hash of their content, so that another content has another name.
    private const string Hashed = "assets/";

    private readonly string _contentType;
    private readonly string _cacheControl;
    private readonly byte[] _brotli;
    private readonly byte[] _gzip;
    private readonly string _hash;

    /// <param name="name">The path below that of the console.</param>
    /// <param name="brotli">The content, compressed by Brotli.</param>
    /// <param name="gzip">The content, compressed by gzip.</param>
    public ConsoleFile(string name, byte[] brotli, byte[] gzip)
    {
        _contentType = Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => ContentTypes.OctetStream,
        };
        _cacheControl = name.StartsWith(Hashed, StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        (_brotli, _gzip) = (brotli, gzip);
        _hash = Convert.ToHexStringLower(SHA256.HashData(gzip).AsSpan(0, 8));
    }

    /// <summary>Bytes of the program that the file takes.</summary>
    public int Bytes => _brotli.Length + _gzip.Length;

    /// <summary>Answers a GET or HEAD: 304 for a known ETag, otherwise the content in the coding that the client likes best.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = _cacheControl;
        headers.Vary = HeaderNames.AcceptEncoding;
        var codings = context.Request.GetTypedHeaders().AcceptEncoding;
        if (Accepts(codings, "br"))
            return AnswerAsync(context, _brotli, "br");
        return Accepts(codings, "gzip") ? AnswerAsync(context, _gzip, "gzip") : AnswerAsync(context, Decompress(), coding: null);
    }

    // Representations have tags of their own: with one strong tag they would be taken for the same bytes.
    private Task AnswerAsync(HttpContext context, byte[] content, string? coding)
    {
        if (coding is not null)
            context.Response.Headers.ContentEncoding = coding;
        return TypedResults.Bytes(content, _contentType, entityTag: new EntityTagHeaderValue($"\"{_hash}{(coding is null ? "" : "-" + coding)}\"")).ExecuteAsync(context);
    }

    // By name only: a client that accepts anything (*) need not be able to decompress.
    private static bool Accepts(IList<StringWithQualityHeaderValue> codings, string name)
    {
        foreach (var coding in codings)
        {
            if (coding.Value.Equals(name, StringComparison.OrdinalIgnoreCase))
                return coding.Quality is not 0;
        }

        return false;
    }

    // For clients that accept no coding, which no browser is: worth no memory.
    private byte[] Decompress()
    {
        using var input = new GZipStream(new MemoryStream(_gzip), CompressionMode.Decompress);
        using var output = new MemoryStream();
        input.CopyTo(output);
        return output.ToArray();
    }
}
