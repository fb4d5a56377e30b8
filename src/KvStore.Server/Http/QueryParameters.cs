namespace KvStore.Server;

/// <summary>
/// The query string, read strictly: a parameter that is unknown, repeated or badly encoded is a problem, because a misspelt
/// condition must not become no condition.
/// </summary>
internal sealed class QueryParameters
{
    public static readonly QueryParameters None = new();

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads the query string, which may have the <paramref name="known"/> parameters only.</summary>
    public static Problem? TryGet(HttpContext context, ReadOnlySpan<string> known, out QueryParameters parameters)
    {
        parameters = None;
        var query = context.Request.QueryString.Value;
        if (string.IsNullOrEmpty(query) || query == "?")
            return null;

        parameters = new QueryParameters();
        foreach (var range in query.AsSpan(1).Split('&'))
        {
            var pair = query.AsSpan(1)[range];
            if (pair.IsEmpty)
                continue;
            var equals = pair.IndexOf('=');
            if (!TryDecode(equals < 0 ? pair : pair[..equals], out var name) || !TryDecode(equals < 0 ? default : pair[(equals + 1)..], out var value))
                return Problems.MalformedRequest("The query string is not percent-encoded UTF-8, or has a #. Write a percent sign as %25, # as %23.", "query");
            if (!known.Contains(name))
                return Problems.MalformedRequest(Unknown(known), name);
            if (!parameters._values.TryAdd(name, value))
                return Problems.MalformedRequest("The parameter is repeated. Give it once.", name);
        }

        return null;
    }

    public bool IsEmpty => _values.Count == 0;

    public bool Has(string name) => _values.ContainsKey(name);

    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <summary>The parameter as a whole number, or null if it is absent.</summary>
    public Problem? TryGetNumber(string name, long min, long max, out long? number)
    {
        number = null;
        if (Text(name) is not { } text)
            return null;
        if (!long.TryParse(text, min < 0 ? NumberStyles.AllowLeadingSign : NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) || parsed < min || parsed > max)
            return Problems.MalformedRequest(max == long.MaxValue && min >= 0 ? $"Give a whole number of at least {min}." : $"Give a whole number from {min} to {max}.", name);
        number = parsed;
        return null;
    }

    /// <summary>The parameter as true or false; false if it is absent.</summary>
    public Problem? TryGetFlag(string name, out bool flag)
    {
        var text = Text(name);
        flag = text == "true";
        return text is null or "true" or "false" ? null : Problems.MalformedRequest("Give true or false.", name);
    }

    /// <summary>The parameter as the bytes of a key or of a prefix; empty if it is absent.</summary>
    public Problem? TryGetKeyBytes(string name, int bytesMax, out byte[] utf8)
    {
        utf8 = Encoding.UTF8.GetBytes(Text(name) ?? "");
        if (utf8.Length > bytesMax)
            return Problems.MalformedKey($"It has {utf8.Length} bytes; keys have at most {bytesMax}.", name);
        return Key.HasControlCharacter(utf8) ? Problems.MalformedKey("It has a control character; keys have none.", name) : null;
    }

    private static string Unknown(ReadOnlySpan<string> known) => known.IsEmpty
        ? "The parameter is not known; this request takes none."
        : $"The parameter is not known; these are: {string.Join(", ", known)}.";

    private static bool TryDecode(ReadOnlySpan<char> text, out string decoded)
    {
        decoded = "";
        var bytes = new byte[text.Length];
        if (!RequestTarget.TryDecode(text, plusIsSpace: true, bytes, out var length) || !System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length)))
            return false;
        decoded = Encoding.UTF8.GetString(bytes, 0, length);
        return true;
    }
}
