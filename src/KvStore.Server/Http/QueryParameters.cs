namespace KvStore.Server;

/// <summary>
/// The query string, read strictly: a parameter that is unknown, repeated or badly encoded is a problem, because a misspelt
/// condition must not become no condition.
/// </summary>
internal sealed class QueryParameters
{
    public static readonly QueryParameters None = new();

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

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
            var encodedName = equals < 0 ? pair : pair[..equals];
            var encodedValue = equals < 0 ? default : pair[(equals + 1)..];
            if (!TryDecode(encodedName, out var name))
                return Problems.MalformedRequest(FaultOf("The query string", encodedName), "query");
            if (!known.Contains(name))
                return Problems.MalformedRequest(Unknown(known), name);
            if (!TryDecode(encodedValue, out var value))
                return Problems.MalformedRequest(FaultOf("The value", encodedValue), name);
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
        if (!WholeNumber.TryParse(text, out var parsed, maySign: min < 0) || parsed < min || parsed > max)
            return Problems.MalformedRequest(max == long.MaxValue && min >= 0 ? $"Give a whole number of at least {min}, in digits." : $"Give a whole number from {min} to {max}, in digits.", name);
        number = parsed;
        return null;
    }

    /// <summary>The parameter as true or false, as languages write them; true if it has no value, false if it is absent.</summary>
    public Problem? TryGetFlag(string name, out bool flag)
    {
        flag = false;
        if (Text(name) is not { } text)
            return null;
        flag = text is "" or "1" || text.Equals("true", StringComparison.OrdinalIgnoreCase);
        return flag || text == "0" || text.Equals("false", StringComparison.OrdinalIgnoreCase)
            ? null
            : Problems.MalformedRequest("Give true or false (or 1 or 0), or the parameter without a value, which means true.", name);
    }

    /// <summary>The parameter as a duration: a number of seconds, or with units (<see cref="Duration"/>); null if it is absent.</summary>
    public Problem? TryGetDuration(string name, TimeSpan max, out TimeSpan? duration)
    {
        duration = null;
        if (Text(name) is not { } text)
            return null;
        if (!(Duration.TryParse(text, out var given) || (IsNumber(text) && Duration.TryParse(text + "s", out given))) || given > max)
            return Problems.MalformedRequest($"Give a number of seconds from 0 to {max.TotalSeconds}, or {Duration.Forms}.", name);
        duration = given;
        return null;
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

    // Without this, 1h30 would be an hour and 30 seconds.
    private static bool IsNumber(string text) => !text.AsSpan().ContainsAnyExcept(NumberCharacters);

    private static string FaultOf(string subject, ReadOnlySpan<char> encoded)
    {
        if (encoded.Contains('#'))
            return $"{subject} has a #. Write it as %23.";
        for (var at = encoded.IndexOf('%'); at >= 0; at = encoded.IndexOf('%'))
        {
            encoded = encoded[(at + 1)..];
            if (encoded.Length < 2 || !char.IsAsciiHexDigit(encoded[0]) || !char.IsAsciiHexDigit(encoded[1]))
                return $"{subject} has a percent sign that is not followed by two hexadecimal digits. Write a percent sign as %25.";
        }

        return $"{subject} is not UTF-8 once it is decoded. Percent-encode UTF-8: é is %C3%A9, not %E9.";
    }

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
