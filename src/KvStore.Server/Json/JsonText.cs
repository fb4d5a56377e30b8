namespace KvStore.Server;

/// <summary>
/// Reads JSON of clients strictly; every problem names the member that is wrong. The caller opens the text with <see cref="TextInput"/>,
/// because the reader does not validate strings that it skips.
/// </summary>
internal static class JsonText
{
    // The problem names an unknown member only if the name is short enough to be a misspelling.
    private const int ShownBytesMax = 64;

    /// <summary>64 levels, as in most readers; neither comments nor trailing commas.</summary>
    public static JsonReaderOptions ReaderOptions { get; } = new() { MaxDepth = 64 };

    /// <summary>The problem of a body that is UTF-8, but that a reader rejected.</summary>
    public static Problem NotJson(ReadOnlySpan<byte> utf8) => Problems.MalformedRequest($"The body {JsonFault.Of(utf8, ReaderOptions.MaxDepth)}", "body");

    /// <summary>Whether the reader is on a member of this name. A name that is no text, because of half a surrogate pair, is none.</summary>
    public static bool IsOn(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan.SequenceEqual(name);
#pragma warning disable RS0030 // It is text.
        return !JsonString.HasLoneSurrogate(reader.ValueSpan) && reader.ValueTextEquals(name);
#pragma warning restore RS0030
    }

    /// <inheritdoc cref="IsOn(ref Utf8JsonReader, ReadOnlySpan{byte})"/>
    public static bool IsOn(ref Utf8JsonReader reader, string name)
    {
        Span<byte> ascii = stackalloc byte[ShownBytesMax];
        return IsOn(ref reader, ascii[..Encoding.ASCII.GetBytes(name, ascii)]);
    }

    /// <summary>Rejects a member that has been seen before; <paramref name="seen"/> has a bit for each.</summary>
    public static Problem? Once(ref int seen, int bit, string name)
    {
        var isFirst = (seen & bit) == 0;
        seen |= bit;
        return isFirst ? null : Twice(name);
    }

    public static Problem Twice(string name) => Problems.MalformedRequest("The member is repeated. Give it once.", name);

    /// <summary>The problem for an unknown member; the reader is on its name.</summary>
    public static Problem Unknown(ref Utf8JsonReader reader, string known) =>
        Problems.MalformedRequest($"The member is not known; these are: {known}.",
            reader.ValueSpan.Length <= ShownBytesMax ? Encoding.UTF8.GetString(reader.ValueSpan) : "body");

    public static Problem? TryGetNumber(ref Utf8JsonReader reader, string name, long min, long max, out long number)
    {
        number = 0;
        reader.Read();
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out number) && number >= min && number <= max
            ? null
            : Problems.MalformedRequest((max == long.MaxValue ? $"Give a whole number of at least {min}" : $"Give a whole number from {min} to {max}")
                + ", as a JSON number in digits, without a fraction or an exponent.", name);
    }

    public static Problem? TryGetFlag(ref Utf8JsonReader reader, string name, out bool flag)
    {
        reader.Read();
        flag = reader.TokenType == JsonTokenType.True;
        return flag || reader.TokenType == JsonTokenType.False ? null : Problems.MalformedRequest("Give true or false, without quotes.", name);
    }

    /// <summary>The problem of a part as a problem of the whole.</summary>
    public static Problem Below(string field, Problem problem) => problem with { Field = problem.Field is null ? field : $"{field}.{problem.Field}" };
}
