using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>The headers of most clients, none of which changes what a request means. A request with others is looked at closely.</summary>
internal static class UsualHeaders
{
    /// <summary>Whether a request has no other header. Counted header by header, because an enumeration allocates.</summary>
    public static bool AreAll(IHeaderDictionary headers) => headers.Count == (headers.ContentLength is null ? 0 : 1)
        + One(headers.Host) + One(headers.ContentType) + One(headers.UserAgent) + One(headers.Accept) + One(headers.AcceptEncoding)
        + One(headers.Connection) + One(headers.Authorization);

    private static int One(StringValues values) => values.Count > 0 ? 1 : 0;
}
