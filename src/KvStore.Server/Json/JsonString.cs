namespace KvStore.Server;

/// <summary>The text of a JSON string as UTF-8: a slice of the request's bytes, or a copy if they have escapes.</summary>
internal readonly ref struct JsonString(ReadOnlySpan<byte> utf8)
{
    // \ud83d
    private const int UnitEscapeBytes = 6;

    public ReadOnlySpan<byte> Utf8 { get; } = utf8;

    public static Problem? TryGet(scoped ref Utf8JsonReader reader, string name, out JsonString text)
    {
        text = default;
        if (reader.TokenType != JsonTokenType.String)
            return Problems.MalformedRequest("Give a JSON string.", name);
        if (!reader.ValueIsEscaped)
        {
            text = new JsonString(reader.ValueSpan);
            return null;
        }

        if (HasLoneSurrogate(reader.ValueSpan))
            return Problems.MalformedRequest("The string has half of a surrogate pair. Write a character beyond U+FFFF as itself, or as both halves.", name);

        // Unescaped text is never longer.
        var bytes = GC.AllocateUninitializedArray<byte>(reader.ValueSpan.Length);
        text = new JsonString(bytes.AsSpan(0, reader.CopyString(bytes)));
        return null;
    }

    /// <summary>
    /// Whether escapes in the string are halves of surrogate pairs without their other half. That is JSON by its grammar, but no text, and
    /// every method of the reader that unescapes it throws.
    /// </summary>
    /// <param name="escaped">A string that a reader accepted, without its quotes.</param>
    public static bool HasLoneSurrogate(ReadOnlySpan<byte> escaped)
    {
        var isAfterHigh = false;
        while (true)
        {
            var at = escaped.IndexOf((byte)'\\');
            if (isAfterHigh && at != 0)
                return true;
            if (at < 0)
                return false;
            escaped = escaped[at..];
            var unit = escaped[1] == 'u' ? ushort.Parse(escaped[2..UnitEscapeBytes], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : 0;
            if (isAfterHigh != char.IsLowSurrogate((char)unit))
                return true;
            isAfterHigh = char.IsHighSurrogate((char)unit);
            escaped = escaped[(escaped[1] == 'u' ? UnitEscapeBytes : 2)..];
        }
    }
}
