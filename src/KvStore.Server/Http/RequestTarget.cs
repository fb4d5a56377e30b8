using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>
/// The request target as the client sent it. Keys are decoded from it, once, because the path that routing sees does not
/// distinguish all keys: <c>a%2Fb</c> and <c>a%252Fb</c> look alike there, and <c>..</c> is resolved.
/// </summary>
internal static class RequestTarget
{
    public const string KeyPathPrefix = "/v1/kv/";

    public const string CounterPathPrefix = "/v1/counters/";

    public const string MergeablePathPrefix = "/v1/crdt/";

    private static readonly SearchValues<char> AuthorityEnds = SearchValues.Create("/?#");

    /// <summary>The path of the target, still encoded, without the scheme and host of an absolute target, and without the path base if the request has one.</summary>
    public static ReadOnlySpan<char> PathOf(HttpContext context)
    {
        // Not Get<T>, which on the web server's collection is a generic virtual call.
        var request = (IHttpRequestFeature)context.Features[typeof(IHttpRequestFeature)]!;
        var path = FullPathOf(request);
        return request.PathBase is { Length: > 0 } pathBase && IsBelow(path, pathBase) ? path[pathBase.Length..] : path;
    }

    /// <summary>Whether the target, as it was sent, begins with the path base of the request.</summary>
    public static bool HasPathBase(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        return IsBelow(FullPathOf(request), request.PathBase);
    }

    private static bool IsBelow(ReadOnlySpan<char> path, string pathBase) =>
        path.StartsWith(pathBase, StringComparison.Ordinal) && (path.Length == pathBase.Length || path[pathBase.Length] == '/');

    private static ReadOnlySpan<char> FullPathOf(IHttpRequestFeature request)
    {
        var target = request.RawTarget.AsSpan();
        if (target.Length > 0 && target[0] != '/' && target.IndexOf("://") is > 0 and var scheme)
        {
            target = target[(scheme + 3)..];
            target = target.IndexOfAny(AuthorityEnds) is >= 0 and var path && target[path] == '/' ? target[path..] : "/";
        }

        var end = target.IndexOf('?');
        return end < 0 ? target : target[..end];
    }

    /// <summary>The path of a key's entry, percent-encoded except for its slashes.</summary>
    public static string PathTo(Key key) => KeyPathPrefix + Uri.EscapeDataString(key.ToString()).Replace("%2F", "/", StringComparison.Ordinal);

    /// <summary>Percent-decodes once (RFC 3986, section 2.1).</summary>
    /// <param name="text">The encoded text.</param>
    /// <param name="plusIsSpace">Whether + means a space, as in a query string.</param>
    /// <param name="bytes">The destination; the length of the text is always enough.</param>
    /// <param name="length">The bytes written.</param>
    /// <returns>
    /// False if a percent sign is not followed by two hexadecimal digits, or a character is not ASCII, or is #: a client that sends
    /// it meant to encode it, because it would otherwise begin a fragment.
    /// </returns>
    public static bool TryDecode(ReadOnlySpan<char> text, bool plusIsSpace, Span<byte> bytes, out int length)
    {
        length = 0;
        if (!plusIsSpace && text.IndexOfAny('%', '#') < 0)
            return Ascii.FromUtf16(text, bytes, out length) == OperationStatus.Done;

        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (character == '%')
            {
                if (i + 2 >= text.Length || !byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[length]))
                    return false;
                i += 2;
            }
            else if (character < 0x80 && character != '#')
            {
                bytes[length] = character == '+' && plusIsSpace ? (byte)' ' : (byte)character;
            }
            else
            {
                return false;
            }

            length++;
        }

        return true;
    }
}
