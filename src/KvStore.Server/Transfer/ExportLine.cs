namespace KvStore.Server;

/// <summary>
/// An entry as a line of an export: its key, media type, expiry and value, byte for byte, without what an import assigns anew
/// (revisions and times).
/// </summary>
internal static class ExportLine
{
    // A reader attributes white space around a value to the line, not to the value.
    private static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n"u8);

    /// <summary>Writes the line with its end, and sends what is a piece.</summary>
    public static ValueTask WriteAsync(JsonOutput output, Entry entry)
    {
        var mayBeJson = IsBare(entry.Value.Span);
        return PlainEntry.TryWriteLine(output.Target.Output, entry, mayBeJson) ? output.FlushIfFullAsync() : WriteAnyAsync(output, entry, mayBeJson);
    }

    private static async ValueTask WriteAnyAsync(JsonOutput output, Entry entry, bool mayBeJson)
    {
        var json = output.Json;
        json.WriteStartObject();
        json.WriteString("key"u8, entry.Key.Utf8);
        json.WriteString("content_type"u8, entry.ContentType);
        if (entry.ExpiresAt is { } expiresAt)
            JsonTime.Write(json, "expires_at"u8, expiresAt);
        await EntryJson.EndAsync(output, entry, withValue: true, mayBeJson);
        output.EndLine();
    }

    // Whether JSON can be embedded in a line verbatim and read back unchanged.
    private static bool IsBare(ReadOnlySpan<byte> value) =>
        !value.IsEmpty && !value.ContainsAny((byte)'\r', (byte)'\n') && !WhiteSpace.Contains(value[0]) && !WhiteSpace.Contains(value[^1]);
}
