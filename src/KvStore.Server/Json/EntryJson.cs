using System.Text.Json;
using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>Entries as JSON: the items of listings.</summary>
internal static class EntryJson
{
    // JSON readers commonly accept 64 levels. A value in a listing stands three levels deep already.
    private const int DepthMax = 60;

    /// <summary>Writes an entry as an object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="withValue">Whether its value is part of it, as exactly one of <c>json</c>, <c>text</c> and <c>base64</c>.</param>
    public static void Write(Utf8JsonWriter json, Entry entry, bool withValue)
    {
        json.WriteStartObject();
        WriteMembers(json, entry, withValue);
        json.WriteEndObject();
    }

    /// <summary>Writes the members of an entry into an object that was begun; see <see cref="Write"/>.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Entry entry, bool withValue)
    {
        json.WriteString("key"u8, entry.Key.Utf8);
        json.WriteNumber("revision"u8, entry.Revision);
        json.WriteNumber("created_revision"u8, entry.CreatedRevision);
        json.WriteNumber("version"u8, entry.Version);
        json.WriteString("content_type"u8, entry.ContentType);
        json.WriteNumber("size"u8, entry.Value.Length);
        WriteTime(json, "modified_at"u8, entry.ModifiedAt);
        if (entry.ExpiresAt is { } expiresAt)
            WriteTime(json, "expires_at"u8, expiresAt);
        if (withValue)
            WriteValue(json, entry.Value.Span, entry.ContentType);
    }

    /// <summary>Whether the bytes are one JSON value, of no more levels than readers of the whole answer will accept.</summary>
    public static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            while (reader.Read())
            {
                // The reader does not look into the bytes of strings until they are asked for.
            }

            return Utf8.IsValid(utf8);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset time) =>
        json.WriteString(name, time.UtcDateTime);

    private static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value, string contentType)
    {
        // What says that it is JSON or text, and is not, goes out as base64: nothing is lost and the listing stays valid.
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
