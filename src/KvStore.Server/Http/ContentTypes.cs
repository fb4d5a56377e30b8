namespace KvStore.Server;

/// <summary>Media types of values and answers.</summary>
internal static class ContentTypes
{
    public const string Json = "application/json";
    public const string MergePatch = "application/merge-patch+json";
    public const string OctetStream = "application/octet-stream";
    public const string Text = "text/plain; charset=utf-8";
    public const string Lines = "application/x-ndjson";

    private const string Form = "application/x-www-form-urlencoded";

    private static readonly string[] Usual = [Json, OctetStream, Text, "text/plain"];

    // The characters of a field value: visible ASCII, space and tab (RFC 9110, section 5.5).
    private static readonly SearchValues<char> HeaderCharacters =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(c => (char)c), '\t']);

    /// <summary>The media type with which the body of a request is stored.</summary>
    public static Problem? TryGet(HttpRequest request, out string contentType)
    {
        var given = request.ContentType;

        // curl's --data declares a form, whatever the data are.
        contentType = string.IsNullOrEmpty(given) || given.Equals(Form, StringComparison.OrdinalIgnoreCase) ? OctetStream : given;
        if (request.Headers.ContentType.Count > 1)
            return Problems.MalformedRequest("The header is repeated. Give it once.", "Content-Type");
        return Check(contentType, "Content-Type");
    }

    /// <summary>The media type in a member of a JSON body.</summary>
    public static Problem? TryGet(ReadOnlySpan<byte> utf8, string field, out string contentType)
    {
        contentType = TextOf(utf8);
        return contentType.Length == 0 ? NotAType(field) : Check(contentType, field);
    }

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

    public static bool IsMergePatch(string contentType) => Essence(contentType).Equals(MergePatch, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the type is text in UTF-8.</summary>
    public static bool IsText(string contentType)
    {
        if (!Essence(contentType).StartsWith("text/", StringComparison.OrdinalIgnoreCase))
            return false;
        var charset = contentType.IndexOf("charset=", StringComparison.OrdinalIgnoreCase);
        return charset < 0 || contentType.AsSpan(charset + "charset=".Length).Trim('"').StartsWith("utf-8", StringComparison.OrdinalIgnoreCase)
            || contentType.AsSpan(charset + "charset=".Length).Trim('"').StartsWith(Encoding.ASCII.WebName, StringComparison.OrdinalIgnoreCase);
    }

    private static ReadOnlySpan<char> Essence(string contentType)
    {
        var semicolon = contentType.IndexOf(';');
        return (semicolon < 0 ? contentType : contentType.AsSpan(0, semicolon)).Trim();
    }
}
