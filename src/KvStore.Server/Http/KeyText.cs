namespace KvStore.Server;

/// <summary>A key that a client wrote: in the path, in a query parameter, or in a body.</summary>
internal static class KeyText
{
    public static Problem? TryParse(string text, int bytesMax, string field, out Key key) =>
        TryCreate(Encoding.UTF8.GetBytes(text), bytesMax, field, out key);

    /// <summary>The key of these bytes, which are copied.</summary>
    public static Problem? TryCreate(ReadOnlySpan<byte> utf8, int bytesMax, string field, out Key key) => ProblemOf(Key.TryCreate(utf8, bytesMax, out key), utf8, bytesMax, field);

    /// <summary>Why these bytes are no key, or null.</summary>
    public static Problem? Check(ReadOnlySpan<byte> utf8, int bytesMax, string field) => ProblemOf(Key.Check(utf8, bytesMax), utf8, bytesMax, field);

    private static Problem? ProblemOf(KeyProblem found, ReadOnlySpan<byte> utf8, int bytesMax, string field) => found switch
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
