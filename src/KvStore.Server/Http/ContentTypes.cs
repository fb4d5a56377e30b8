namespace KvStore.Server;

/// <summary>Media types of values and answers.</summary>
internal static class ContentTypes
{
    public const string Json = "application/json";
    public const string MergePatch = "application/merge-patch+json";
    public const string OctetStream = "application/octet-stream";
    public const string Text = "text/plain; charset=utf-8";
    public const string Lines = "application/x-ndjson";

    /// <summary>What a replica of a mergeable value has, or lacks.</summary>
    public const string Delta = "application/vnd.kvstore.delta+json";

    private const string Form = "application/x-www-form-urlencoded";

    private const string CharsetParameter = "charset=";

    // UTF-8 is written without its hyphen, too, and text in ASCII is UTF-8.
    private static readonly string[] Utf8Charsets = ["utf-8", "utf8", "us-ascii", "ascii"];

    private static readonly string[] Usual = [Json, OctetStream, Text, "text/plain"];

    // The characters of a field value: visible ASCII, space and tab (RFC 9110, section 5.5).
    private static readonly SearchValues<char> HeaderCharacters =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(c => (char)c), '\t']);

    /// <summary>Whether the client takes an answer line by line, as it comes.</summary>
    public static bool AcceptsLines(HttpRequest request) =>
        request.Headers.Accept.Any(accept => accept!.Contains(Lines, StringComparison.OrdinalIgnoreCase));

    /// <summary>The media type with which the body of a request is stored.</summary>
    public static Problem? TryGet(HttpRequest request, out string contentType)
    {
        var given = request.ContentType;

        // curl's --data declares a form, whatever the data are.
        contentType = string.IsNullOrEmpty(given) || Essence(given).Equals(Form, StringComparison.OrdinalIgnoreCase) ? OctetStream : given;
        if (request.Headers.ContentType.Count > 1)
            return Problems.MalformedRequest("The header is repeated. Give it once.", "Content-Type");
        return Check(contentType, "Content-Type") ?? RejectMergeable(contentType, "Content-Type");
    }

    /// <summary>The media type in a member of a JSON body.</summary>
    public static Problem? TryGet(ReadOnlySpan<byte> utf8, string field, out string contentType)
    {
        contentType = TextOf(utf8);
        return contentType.Length == 0 ? NotAType(field) : Check(contentType, field);
    }

    /// <summary>The problem of a client that writes an entry with the media type of mergeable values, or null.</summary>
    public static Problem? RejectMergeable(string contentType, string field) =>
        Essence(contentType).Equals(Entry.MergeableContentType, StringComparison.OrdinalIgnoreCase) ? MergeableProblems.NotWrittenAsEntry(field) : null;

    private static Problem? Check(string contentType, string field) =>
        contentType.Length <= Entry.ContentTypeLengthMax && !contentType.AsSpan().ContainsAnyExcept(HeaderCharacters) ? null : NotAType(field);

    private static Problem NotAType(string field) =>
        Problems.MalformedRequest($"Give a media type of at most {Entry.ContentTypeLengthMax} printable ASCII characters.", field);

    // An import names the same few types a million times.
    private static string TextOf(ReadOnlySpan<byte> utf8)
    {
        foreach (var usual in Usual)
        {
            if (Ascii.Equals(utf8, usual))
                return usual;
        }

        return Encoding.UTF8.GetString(utf8);
    }

    /// <summary>Whether the type is application/json or ends with +json (RFC 6839).</summary>
    public static bool IsJson(string contentType)
    {
        var type = Essence(contentType);
        return type.Equals(Json, StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    public static bool IsLines(string contentType) => Essence(contentType).Equals(Lines, StringComparison.OrdinalIgnoreCase);

    public static bool IsDelta(string contentType) => Essence(contentType).Equals(Delta, StringComparison.OrdinalIgnoreCase);

    public static bool IsMergePatch(string contentType) => Essence(contentType).Equals(MergePatch, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the type names a character set of which UTF-8 is no superset.</summary>
    public static bool HasOtherCharset(string contentType)
    {
        var rest = contentType.AsSpan();
        for (var semicolon = rest.IndexOf(';'); semicolon >= 0; semicolon = rest.IndexOf(';'))
        {
            rest = rest[(semicolon + 1)..].TrimStart(" \t");
            if (!rest.StartsWith(CharsetParameter, StringComparison.OrdinalIgnoreCase))
                continue;
            var end = rest.IndexOf(';');
            var charset = (end < 0 ? rest : rest[..end])[CharsetParameter.Length..].Trim(" \t\"");
            return !charset.IsEmpty && !IsUtf8(charset);
        }

        return false;
    }

    private static bool IsUtf8(ReadOnlySpan<char> charset)
    {
        foreach (var name in Utf8Charsets)
        {
            if (charset.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static ReadOnlySpan<char> Essence(string contentType)
    {
        var semicolon = contentType.IndexOf(';');
        return (semicolon < 0 ? contentType : contentType.AsSpan(0, semicolon)).Trim();
    }
}
