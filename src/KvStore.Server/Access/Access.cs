using Microsoft.AspNetCore.Http.Features.Authentication;

namespace KvStore.Server;

/// <summary>Who makes a request, and whether they may do what it asks. Endpoints ask before they read or write.</summary>
internal static class Access
{
    /// <summary>The principal of a request.</summary>
    /// <remarks>
    /// Without keys nothing in the pipeline sets one, and everybody may do everything. With keys the pipeline sets one for every request that
    /// reaches an endpoint; endpoints do not run without it (<see cref="IsKnown"/>).
    /// </remarks>
    public static Principal Of(HttpContext context) => Find(context) ?? Principal.Anyone;

    /// <summary>Whether the pipeline has said who makes the request.</summary>
    public static bool IsKnown(HttpContext context) => Find(context) is not null;

    /// <summary>The problem of a request whose principal lacks a right to a key, or null.</summary>
    /// <remarks>A condition tells about the entry, so that a request with one needs the right to read it, too.</remarks>
    public static Problem? Check(HttpContext context, Rights rights, Key key)
    {
        var principal = Of(context);
        return Check(principal, (principal.Rights & Rights.Read) == 0 && IsConditional(context.Request.Headers) ? rights | Rights.Read : rights, key);
    }

    /// <inheritdoc cref="Check(HttpContext, Rights, Key)"/>
    public static Problem? Check(Principal principal, Rights rights, Key key) => principal.Allows(rights, key) ? null : Refuse(principal, rights);

    /// <summary>The problem of a request whose principal lacks a right to some key of the range, or null.</summary>
    public static Problem? Check(HttpContext context, Rights rights, KeyRange range)
    {
        var principal = Of(context);
        return principal.Allows(rights, range) ? null : RefuseRange(principal, rights);
    }

    private static bool IsConditional(IHeaderDictionary headers) =>
        headers.IfMatch.Count + headers.IfNoneMatch.Count + headers.IfModifiedSince.Count + headers.IfUnmodifiedSince.Count > 0;

    // Names what is the principal's own, and nothing of the request: whether a key exists is not said.
    private static Problem Refuse(Principal principal, Rights rights) => (principal.Rights & rights) != rights
        ? Problems.LacksRight(RightsText.TextOf(rights))
        : Problems.Forbidden($"This key is for keys that begin with {Alternatives(principal)} only. Name one of those, or use another key.");

    private static Problem RefuseRange(Principal principal, Rights rights) => (principal.Rights & rights) != rights
        ? Problems.LacksRight(RightsText.TextOf(rights))
        : Problems.Forbidden($"This key is for keys that begin with {Alternatives(principal)} only: give prefix={principal.Prefixes[0]}, or a longer one.");

    private static string Alternatives(Principal principal) => string.Join(" or ", principal.Prefixes);

    // Not Get<T>, which on the web server's collection is a generic virtual call. Not User of the context, which makes one where there is none.
    private static Principal? Find(HttpContext context) => context.Features[typeof(IHttpAuthenticationFeature)] switch
    {
        null => null,
        Principal principal => principal,
        IHttpAuthenticationFeature { User: Principal principal } => principal,
        _ => null,
    };
}
