using System.Buffers;

namespace KvStore.Server.Http;

/// <summary>The key that a request names: in its path, or in a query parameter.</summary>
internal static class RequestKey
{
    /// <summary>Takes the key from a target below <see cref="RequestTarget.KeyPathPrefix"/>.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static Problem? TryGet(HttpContext context, int bytesMax, out Key key)
    {
        key = default;
        var path = RequestTarget.PathOf(context);
        if (!path.StartsWith(RequestTarget.KeyPathPrefix, StringComparison.Ordinal))
            return Problems.MalformedRequest($"Write the path as {RequestTarget.KeyPathPrefix}KEY, with that part in lower case and not percent-encoded.");

        var text = path[RequestTarget.KeyPathPrefix.Length..];
        var rented = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            return !RequestTarget.TryDecode(text, plusIsSpace: false, rented, out var length)
                ? Problems.MalformedKey("A percent sign in the path is not followed by two hexadecimal digits, or there is a #. Write a percent sign as %25, # as %23.", "key")
                : Explain(Key.TryCreate(rented.AsSpan(0, length), bytesMax, out key), length, bytesMax);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static Problem? Explain(KeyProblem problem, int length, int bytesMax) => problem switch
    {
        KeyProblem.None => null,
        KeyProblem.Empty => Problems.MalformedKey("The key is empty. Name one after /v1/kv/, or leave the last slash away to list keys.", "key"),
        KeyProblem.TooLong => Problems.MalformedKey($"The key has {length} bytes; at most {bytesMax} are accepted.", "key"),
        KeyProblem.InvalidUtf8 => Problems.MalformedKey("The key is not UTF-8. Percent-encode the UTF-8 bytes of its text.", "key"),
        KeyProblem.ControlCharacter => Problems.MalformedKey("The key has a control character (U+0000 to U+001F, U+007F to U+009F). Leave it away, or encode the key in text of your own.", "key"),
        KeyProblem.DotSegment => Problems.MalformedKey("A part of the key between slashes is . or .., which clients and proxies rewrite. Name it otherwise.", "key"),
        _ => throw new InvalidOperationException($"Unknown key problem {problem}."),
    };
}
