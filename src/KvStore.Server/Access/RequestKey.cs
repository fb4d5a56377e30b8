namespace KvStore.Server;

/// <summary>The key in the path of a request. Who asks for it says what for, so that no endpoint has a key without the right to it.</summary>
internal static class RequestKey
{
    // Keys up to this length are decoded on the stack.
    private const int UsualLengthMax = 128;

    /// <summary>Decodes the key from the target, after <paramref name="pathPrefix"/>, and checks that the principal has the rights to it.</summary>
    public static Problem? TryGet(HttpContext context, int bytesMax, Rights rights, out Key key, string pathPrefix = RequestTarget.KeyPathPrefix)
    {
        key = default;
        var path = RequestTarget.PathOf(context);
        if (!path.StartsWith(pathPrefix, StringComparison.Ordinal))
            return Problems.MalformedRequest($"Write the path as {pathPrefix}KEY, with that part in lower case and not percent-encoded.");

        var text = path[pathPrefix.Length..];
        if (text.Length <= UsualLengthMax)
            return TryGet(context, bytesMax, rights, text, stackalloc byte[UsualLengthMax], out key);
        var rented = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            return TryGet(context, bytesMax, rights, text, rented, out key);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static Problem? TryGet(HttpContext context, int bytesMax, Rights rights, ReadOnlySpan<char> text, Span<byte> decoded, out Key key)
    {
        key = default;
        if (!RequestTarget.TryDecode(text, plusIsSpace: false, decoded, out var length))
            return Problems.MalformedKey("A percent sign in the path is not followed by two hexadecimal digits, or there is a #. Write a percent sign as %25, # as %23.", "key");
        return KeyText.TryCreate(decoded[..length], bytesMax, "key", out key) ?? Access.Check(context, rights, key);
    }
}
