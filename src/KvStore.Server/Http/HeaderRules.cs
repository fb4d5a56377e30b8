using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>
/// Which headers with a bearing on the outcome an endpoint honours. Its handler never sees a request with another one: a client that sends a
/// condition, or says how its body is to be read, would take an answer for obedience. docs/http-api.md has the table.
/// </summary>
/// <remarks>Immutable. A GET or HEAD costs a few tests for headers that the web server knows, and no allocation.</remarks>
internal sealed class HeaderRules
{
    /// <summary>The conditions of HTTP. If-Range is none of them where no ranges are served (RFC 9110, section 13.1.5).</summary>
    public static readonly ImmutableArray<string> Conditions =
        [HeaderNames.IfMatch, HeaderNames.IfNoneMatch, HeaderNames.IfModifiedSince, HeaderNames.IfUnmodifiedSince];

    /// <summary>The header that makes a write safe to repeat.</summary>
    public const string IdempotencyKey = "Idempotency-Key";

    private const string Part = "Parts of a value cannot be stored. Send the whole value, without this header.";
    private const string Unverified = "Digests are not verified here. Omit the header, and compare the value with what a GET returns.";
    private const string AfterBody = "Fields after the body are not read. Send them as headers, or omit them.";
    private const string Override = "The method is that of the request line. Send it there.";

    /// <summary>What no endpoint honours.</summary>
    public static readonly FrozenDictionary<string, string> NeverHonoured = new Dictionary<string, string>
    {
        [HeaderNames.ContentRange] = Part,
        [HeaderNames.ContentMD5] = Unverified,
        ["Content-Digest"] = Unverified,
        ["Repr-Digest"] = Unverified,
        ["Digest"] = Unverified,
        [HeaderNames.Trailer] = AfterBody,
        ["X-HTTP-Method"] = Override,
        ["X-HTTP-Method-Override"] = Override,
        ["X-Method-Override"] = Override,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private readonly bool _isRead;
    private readonly bool _takesBody;
    private readonly FrozenDictionary<string, Problem> _rejected;

    /// <param name="method">The endpoint's method.</param>
    /// <param name="takesBody">Whether it reads a body.</param>
    /// <param name="honoured">The headers that it documents.</param>
    public HeaderRules(string method, bool takesBody, IEnumerable<string> honoured)
    {
        var own = honoured.ToHashSet(StringComparer.OrdinalIgnoreCase);
        _isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        _takesBody = takesBody;
        var rejected = NeverHonoured.ToDictionary(each => each.Key, each => each.Value);
        foreach (var condition in Conditions.Where(condition => !own.Contains(condition)))
        {
            rejected[condition] = own.Contains(HeaderNames.IfMatch)
                ? "It is a condition of GET and HEAD only (RFC 9110, section 13.1.3). For a write, give If-Match or If-Unmodified-Since."
                : "A condition is about one entry, and this request is not. Omit the header, or send it with a request for /v1/kv/KEY; in a transaction, use guards.";
        }

        if (!_isRead && !own.Contains(IdempotencyKey))
            rejected[IdempotencyKey] = "This request has no single outcome to record. Omit the header: the request can be repeated without it.";
        if (!_isRead && !own.Contains(OriginProblems.LoadToken))
            rejected[OriginProblems.LoadToken] = "What was loaded for a key is stored by a PUT of it, or a DELETE if there is nothing. Omit the header.";
        _rejected = rejected.ToFrozenDictionary(each => each.Key, each => Problems.MalformedRequest(each.Value, each.Key), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The problem of a request that says more than the endpoint honours, or null.</summary>
    public Problem? TryReject(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers.Expect is { Count: > 0 } expect && !(expect.Count == 1 && Is(expect[0], "100-continue")))
            return Problems.ExpectationFailed(HeaderNames.Expect);
        if (_takesBody)
            return TryRejectAny(headers) ?? TryRejectBody(context);
        return (_isRead ? TryRejectKnown(headers) : TryRejectAny(headers)) ?? (HasBody(context) ? Bodiless : null);
    }

    private static Problem Bodiless { get; } =
        Problems.MalformedRequest("This request takes no body. Omit it; parameters are in the query string.", "body");

    // Header by header, because an enumeration allocates.
    private Problem? TryRejectKnown(IHeaderDictionary headers) =>
        headers.ContentRange.Count > 0 ? _rejected[HeaderNames.ContentRange]
        : headers.IfMatch.Count > 0 && _rejected.TryGetValue(HeaderNames.IfMatch, out var problem) ? problem
        : headers.IfNoneMatch.Count > 0 && _rejected.TryGetValue(HeaderNames.IfNoneMatch, out problem) ? problem
        : headers.IfModifiedSince.Count > 0 && _rejected.TryGetValue(HeaderNames.IfModifiedSince, out problem) ? problem
        : headers.IfUnmodifiedSince.Count > 0 && _rejected.TryGetValue(HeaderNames.IfUnmodifiedSince, out problem) ? problem
        : null;

    private Problem? TryRejectAny(IHeaderDictionary headers)
    {
        if (UsualHeaders.AreAll(headers))
            return null;
        foreach (var (name, _) in headers)
        {
            if (_rejected.TryGetValue(name, out var problem))
                return problem;
            if (name.StartsWith("If-", StringComparison.OrdinalIgnoreCase) && !IsCondition(name))
                return Problems.MalformedRequest($"The condition is not known; these are: {string.Join(", ", Conditions)}.", name);
        }

        return null;
    }

    private static Problem? TryRejectBody(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers.ContentEncoding is { Count: > 0 } coding && !(coding.Count == 1 && Is(coding[0], "identity")))
        {
            context.Response.Headers.AcceptEncoding = "identity";
            return Problems.UnsupportedMediaType("The service does not decode bodies. Send this one decoded, without the header; to store it as it is, omit the header, too.", HeaderNames.ContentEncoding);
        }

        // The web server removes the framing of chunks, whatever is inside.
        if (headers.TransferEncoding is { Count: > 0 } transfer && !(transfer.Count == 1 && Is(transfer[0], "chunked")))
            return Problems.MalformedRequest("The only transfer coding that is understood is chunked.", HeaderNames.TransferEncoding);
        return context.Request.ContentType is { } type && type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            ? Problems.UnsupportedMediaType("A form would be stored with its boundaries. Send the file itself: curl's --data-binary @FILE or -T FILE instead of -F.")
            : null;
    }

    private static bool IsCondition(string name) => Is(name, HeaderNames.IfRange) || Conditions.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static bool Is(string? text, string name) => string.Equals(text, name, StringComparison.OrdinalIgnoreCase);

    // Not Get<T>, which on the web server's collection is a generic virtual call.
    private static bool HasBody(HttpContext context) =>
        context.Features[typeof(IHttpRequestBodyDetectionFeature)] is IHttpRequestBodyDetectionFeature { CanHaveBody: true };
}
