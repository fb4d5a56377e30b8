namespace KvStore.Server;

/// <summary>Response headers that several features set.</summary>
internal static class ResponseHeaders
{
    /// <summary>The revision that was read or written.</summary>
    public const string Revision = "KvStore-Revision";

    /// <summary>When the entry will be deleted, as an HTTP date.</summary>
    public const string Expires = "KvStore-Expires";

    /// <summary>Describes a body that the service makes anew for each request, so that no cache keeps it and no browser guesses its type.</summary>
    public static void SetContent(this HttpResponse response, string contentType)
    {
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
    }
}
