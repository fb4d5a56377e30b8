namespace KvStore.Server;

/// <summary>The key that a request names: in its path, in a query parameter, or in its body.</summary>
internal static class RequestKey
{
    /// <summary>Decodes the key from the target, after <paramref name="pathPrefix"/>.</summary>
    public static Problem? TryGet(HttpContext context, int bytesMax, out Key key, string pathPrefix = RequestTarget.KeyPathPrefix)
    {
        key = default;
        var path = RequestTarget.PathOf(context);
        if (!path.StartsWith(pathPrefix, StringComparison.Ordinal))
            return Problems.MalformedRequest($"Write the path as {pathPrefix}KEY, with that part in lower case and not percent-encoded.");

        var text = path[pathPrefix.Length..];
        var rented = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            return !RequestTarget.TryDecode(text, plusIsSpace: false, rented, out var length)
                ? Problems.MalformedKey("A percent sign in the path is not followed by two hexadecimal digits, or there is a #. Write a percent sign as %25, # as %23.", "key")
                : TryCreate(rented.AsSpan(0, length), bytesMax, "key", out key);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public static Problem? TryParse(string text, int bytesMax, string field, out Key key) =>
        TryCreate(Encoding.UTF8.GetBytes(text), bytesMax, field, out key);

    /// <summary>The key of these bytes, which are copied.</summary>
    public static Problem? TryCreate(ReadOnlySpan<byte> utf8, int bytesMax, string field, out Key key) => Key.TryCreate(utf8, bytesMax, out key) switch
    {
        KeyProblem.None => null,
        KeyProblem.Empty => Problems.MalformedKey("The key is empty. Name one; in a path it comes after /v1/kv/ (or /v1/counters/), and GET /v1/kv lists keys.", field),
        KeyProblem.TooLong => Problems.MalformedKey($"The key has {utf8.Length} bytes; at most {bytesMax} are accepted.", field),
        KeyProblem.InvalidUtf8 => Problems.MalformedKey("The key is not UTF-8. Percent-encode the UTF-8 bytes of its text.", field),
        KeyProblem.ControlCharacter => Problems.MalformedKey("The key has a control character (U+0000 to U+001F, U+007F to U+009F). Omit it, or encode the key as text.", field),
        KeyProblem.DotSegment => Problems.MalformedKey("A part of the key between slashes is . or .., which clients and proxies rewrite. Use another name.", field),
        var problem => throw new InvalidOperationException($"Unknown key problem {problem}."),
    };
}
