namespace KvStore.Server;

/// <summary>
/// Recognizes by its first line a body that has entries in another form than one per line. None of its lines would be an entry, so it is
/// rejected as a whole, before anything is stored.
/// </summary>
internal static class ImportShape
{
    private const string Nothing = " Nothing was stored.";

    /// <summary>The problem of a body with this first line; null if it may be one entry.</summary>
    public static Problem? Reject(ReadOnlySpan<byte> line) => RejectStart(line) ?? (TrimStart(line) is var text && text.StartsWith("{"u8) && IsUnfinished(text)
        ? Reject("The first object does not end on its line: the body has line breaks within objects, or was cut off. Send one object per line: jq -c . converts it.")
        : null);

    /// <summary>The problem of a body whose first line starts like this; null if it may be one entry.</summary>
    public static Problem? RejectStart(ReadOnlySpan<byte> start)
    {
        var text = TrimStart(start);
        if (TextInput.EncodingOf(text) is { } encoding)
            return Reject($"The body is {encoding}. Send UTF-8, uncompressed.");
        return text.StartsWith("["u8)
            ? Reject("The body is a JSON array. Send one object per line: jq -c '.[]' converts an array of such objects.")
            : null;
    }

    private static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text) => TextInput.WithoutMark(text).TrimStart(" \t\r"u8);

    private static Problem Reject(string detail) => Problems.MalformedRequest(detail + Nothing, "body");

    private static bool IsUnfinished(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(JsonText.ReaderOptions));
        try
        {
            while (reader.Read())
            {
                // Only its end matters.
            }

            return reader.CurrentDepth > 0 || reader.TokenType == JsonTokenType.StartObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
