namespace KvStore.Server;

/// <summary>
/// Reads JSON of clients strictly; every problem names the member that is wrong. The caller checks that the text is UTF-8, because
/// the reader does not validate strings that it skips.
/// </summary>
internal static class JsonText
{
    // The problem names an unknown member only if the name is short enough to be a misspelling.
    private const int ShownBytesMax = 64;

    /// <summary>64 levels, as in most readers; neither comments nor trailing commas.</summary>
    public static JsonReaderOptions ReaderOptions { get; } = new() { MaxDepth = 64 };

    public static Problem NotJson(JsonException exception) => Problems.MalformedRequest(
        $"The body is not JSON of at most {ReaderOptions.MaxDepth} levels (line {exception.LineNumber + 1 ?? 1}, byte {exception.BytePositionInLine + 1 ?? 1}).", "body");

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
            !reader.ValueIsEscaped && reader.ValueSpan.Length <= ShownBytesMax ? Encoding.UTF8.GetString(reader.ValueSpan) : "body");

    public static Problem? TryGetNumber(ref Utf8JsonReader reader, string name, long min, long max, out long number)
    {
        number = 0;
        reader.Read();
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out number) && number >= min && number <= max
            ? null
            : Problems.MalformedRequest(max == long.MaxValue ? $"Give a whole number of at least {min}." : $"Give a whole number from {min} to {max}.", name);
    }

    public static Problem? TryGetFlag(ref Utf8JsonReader reader, string name, out bool flag)
    {
        reader.Read();
        flag = reader.TokenType == JsonTokenType.True;
        return flag || reader.TokenType == JsonTokenType.False ? null : Problems.MalformedRequest("Give true or false.", name);
    }

    /// <summary>The problem of a part as a problem of the whole.</summary>
    public static Problem Below(string field, Problem problem) => problem with { Field = problem.Field is null ? field : $"{field}.{problem.Field}" };
}
