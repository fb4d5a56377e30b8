using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>
/// An entry as a line of an export: all that makes the entry what it is, byte for byte, and nothing that another store would
/// not give it again when it is imported there.
/// </summary>
internal static class ExportLine
{
    // A reader takes white space around a value for the line's, not for the value's.
    private static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n"u8);

    /// <summary>Writes the object; the line break is the caller's.</summary>
    public static void Write(Utf8JsonWriter json, Entry entry)
    {
        var contentType = entry.ContentType;
        json.WriteStartObject();
        json.WriteString("key"u8, entry.Key.Utf8);
        json.WriteString("content_type"u8, contentType);
        if (entry.ExpiresAt is { } expiresAt)
            json.WriteString("expires_at"u8, expiresAt.UtcDateTime);
        WriteValue(json, entry.Value.Span, contentType);
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value, string contentType)
    {
        var isJson = ContentTypes.IsJson(contentType);
        if (isJson && IsBare(value) && EntryJson.IsValid(value))
        {
            json.WritePropertyName("json"u8);
            json.WriteRawValue(value, skipInputValidation: true);
        }
        else if ((isJson || ContentTypes.IsText(contentType)) && Utf8.IsValid(value))
        {
            json.WriteString("text"u8, value);
        }
        else
        {
            json.WriteBase64String("base64"u8, value);
        }
    }

    // Whether JSON can stand in a line as it is and is the same when it is read from there.
    private static bool IsBare(ReadOnlySpan<byte> value) =>
        !value.IsEmpty && !value.ContainsAny((byte)'\r', (byte)'\n') && !WhiteSpace.Contains(value[0]) && !WhiteSpace.Contains(value[^1]);
}
