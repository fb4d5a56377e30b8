using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>Entries as JSON: the items of listings, batches, transactions and watches.</summary>
internal static class EntryJson
{
    // Most JSON readers accept 64 levels. A value in an answer is three levels deep already.
    private const int DepthMax = 60;

    /// <summary>Writes an entry as an object, with its value as exactly one of <c>json</c>, <c>text</c> and <c>base64</c> if asked to.</summary>
    public static void Write(Utf8JsonWriter json, Entry entry, bool withValue)
    {
        json.WriteStartObject();
        WriteMembers(json, entry, withValue);
        json.WriteEndObject();
    }

    public static void WriteMembers(Utf8JsonWriter json, Entry entry, bool withValue)
    {
        json.WriteString("key"u8, entry.Key.Utf8);
        json.WriteNumber("revision"u8, entry.Revision);
        json.WriteNumber("created_revision"u8, entry.CreatedRevision);
        json.WriteNumber("version"u8, entry.Version);
        json.WriteString("content_type"u8, entry.ContentType);
        json.WriteNumber("size"u8, entry.Value.Length);
        json.WriteString("modified_at"u8, entry.ModifiedAt.UtcDateTime);
        if (entry.ExpiresAt is { } expiresAt)
            json.WriteString("expires_at"u8, expiresAt.UtcDateTime);
        if (withValue)
            WriteValue(json, entry.Value.Span, entry.ContentType);
    }

    /// <summary>Whether the bytes are one JSON value, of so few levels that readers will accept the whole answer.</summary>
    public static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            while (reader.Read())
            {
                // The reader does not validate the bytes of strings that are not read.
            }

            return Utf8.IsValid(utf8);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value, string contentType)
    {
        // A value that is not what its media type claims goes out as base64: nothing is lost and the answer stays valid.
        if (ContentTypes.IsJson(contentType) && IsValid(value))
        {
            json.WritePropertyName("json"u8);
            json.WriteRawValue(value, skipInputValidation: true);
        }
        else if (ContentTypes.IsText(contentType) && Utf8.IsValid(value))
        {
            json.WriteString("text"u8, value);
        }
        else
        {
            json.WriteBase64String("base64"u8, value);
        }
    }
}
