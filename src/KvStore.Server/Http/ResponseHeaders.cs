using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>Response headers that several features set.</summary>
internal static class ResponseHeaders
{
    /// <summary>The revision that was read or written.</summary>
    public const string Revision = "KvStore-Revision";

    /// <summary>When the entry will be deleted, as an HTTP date.</summary>
    public const string Expires = "KvStore-Expires";

    /// <summary>How old the state of a local read may be, in seconds.</summary>
    public const string StateAge = "KvStore-State-Age";

    /// <summary>What a mergeable value includes.</summary>
    public const string Version = "KvStore-Version";

    /// <summary>Whose pages may include an answer without reading it, as an image or a script.</summary>
    public const string ResourcePolicy = "Cross-Origin-Resource-Policy";

    /// <summary>The value of <see cref="ResourcePolicy"/> for this service's own pages alone.</summary>
    public const string SameOrigin = "same-origin";

    // The last revision and its text.
    private static Tuple<long, StringValues>? _lastRevision;

    // The last time of Last-Modified, in seconds since 1970, and its text.
    private static Tuple<long, StringValues>? _lastModified;

    public static void SetRevision(this HttpResponse response, long revision)
    {
        // Between two writes all reads have the same revision, so its text is cached. A race formats it once more.
        var text = _lastRevision;
        if (text is null || text.Item1 != revision)
            _lastRevision = text = Tuple.Create(revision, new StringValues(revision.ToString(CultureInfo.InvariantCulture)));
        response.Headers[Revision] = text.Item2;
    }

    /// <summary>The same for a write, whose revision no other answer has: nothing is cached, and no cache line goes from core to core.</summary>
    public static void SetWrittenRevision(this HttpResponse response, long revision) => response.Headers[Revision] = revision.ToString(CultureInfo.InvariantCulture);

    /// <summary>Rounded up, so that the state is never older than the header says.</summary>
    public static void SetStateAge(this HttpResponse response, TimeSpan age) =>
        response.Headers[StateAge] = (Math.Ceiling(age.TotalMilliseconds) / 1000).ToString(CultureInfo.InvariantCulture);

    /// <summary>Replaces how long caches may use the answer, unless that is empty.</summary>
    public static void SetCacheControl(this HttpResponse response, StringValues cacheControl)
    {
        if (cacheControl.Count > 0)
            response.Headers.CacheControl = cacheControl;
    }

    /// <summary>The second in which the entry was last written: a weak validator, because an entry may be written again in it (RFC 9110, section 8.8.2.2).</summary>
    public static void SetLastModified(this HttpResponse response, DateTimeOffset modifiedAt)
    {
        var second = modifiedAt.ToUnixTimeSeconds();
        var text = _lastModified;
        if (text is null || text.Item1 != second)
            _lastModified = text = Tuple.Create(second, new StringValues(DateTimeOffset.FromUnixTimeSeconds(second).ToString("R", CultureInfo.InvariantCulture)));
        response.Headers.LastModified = text.Item2;
    }

    /// <summary>The ETag of an entry: its revision, quoted.</summary>
    public static string ETagOf(long revision)
    {
        Span<char> text = stackalloc char[22];
        text[0] = '"';
        revision.TryFormat(text[1..], out var digits, provider: CultureInfo.InvariantCulture);
        text[digits + 1] = '"';
        return new string(text[..(digits + 2)]);
    }

    /// <summary>Closes the connection after this answer. HTTP/2 has no such header: its connections end otherwise.</summary>
    public static void CloseConnection(this HttpResponse response)
    {
        if (!HttpProtocol.IsHttp2(response.HttpContext.Request.Protocol))
            response.Headers.Connection = "close";
    }

    /// <summary>Describes a body that the service makes anew for each request, so that no cache keeps it, no browser guesses its type, and no page of another site includes it.</summary>
    public static void SetContent(this HttpResponse response, string contentType)
    {
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers[ResourcePolicy] = SameOrigin;
    }

    /// <summary>
    /// Describes the value of an entry, which a client stored. Caches must revalidate it; as a page it has no scripts, no forms, and the rights of no
    /// origin, and is in no frame; and only pages that <paramref name="resourcePolicy"/> names include it.
    /// </summary>
    public static void SetValue(this HttpResponse response, string contentType, int length, string resourcePolicy = SameOrigin)
    {
        response.ContentType = contentType;
        response.ContentLength = length;
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; frame-ancestors 'none'";
        response.Headers[ResourcePolicy] = resourcePolicy;
    }
}
