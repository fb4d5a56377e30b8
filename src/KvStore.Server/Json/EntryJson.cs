using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>Entries as JSON: the items of listings, batches, transactions and watches.</summary>
internal static class EntryJson
{
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
        JsonTime.Write(json, "modified_at"u8, entry.ModifiedAt);
        if (entry.ExpiresAt is { } expiresAt)
            JsonTime.Write(json, "expires_at"u8, expiresAt);
        if (withValue)
            WriteValue(json, entry.Value.Span, entry.ContentType);
    }

    /// <summary>
    /// Writes a value as exactly one of <c>json</c>, <c>text</c> and <c>base64</c>. Each of them gives the bytes exactly, since the media type
    /// stands beside it; but a reader that parses <c>json</c> does not see its white space.
    /// </summary>
    /// <param name="json">The output.</param>
    /// <param name="value">The bytes.</param>
    /// <param name="contentType">The media type.</param>
    /// <param name="mayBeJson">Whether JSON may be embedded where it stands.</param>
    public static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value, string contentType, bool mayBeJson = true)
    {
        if (!Utf8.IsValid(value))
        {
            json.WriteBase64String("base64"u8, value);
        }
        else if (ContentTypes.IsJson(contentType) && mayBeJson && InteroperableJson.Is(value))
        {
            json.WritePropertyName("json"u8);
            json.WriteRawValue(value, skipInputValidation: true);
        }
        else if (ContentTypes.HasOtherCharset(contentType))
        {
            // As text it would show other characters than the writer meant.
            json.WriteBase64String("base64"u8, value);
        }
        else
        {
            json.WriteString("text"u8, value);
        }
    }
}
