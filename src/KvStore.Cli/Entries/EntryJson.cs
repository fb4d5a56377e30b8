namespace KvStore.Cli;

/// <summary>An entry as one line of JSON, with the members that the service's listings have.</summary>
internal static class EntryJson
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Writes the members of an entry, within an object that has begun.</summary>
    public static void WriteMembers(Utf8JsonWriter json, KvEntry entry)
    {
        json.WriteString("key"u8, entry.Key);
        json.WriteNumber("revision"u8, entry.Revision.Number);
        if (entry.CreatedRevision is { } created)
            json.WriteNumber("created_revision"u8, created);
        if (entry.Version is { } version)
            json.WriteNumber("version"u8, version);
        json.WriteString("content_type"u8, entry.ContentType);
        json.WriteNumber("size"u8, entry.Size);
        WriteTime(json, "modified_at"u8, entry.ModifiedAt);
        WriteTime(json, "expires_at"u8, entry.ExpiresAt);
        if (entry.HasValue)
            WriteValue(json, entry.Value.Span, entry.ContentType);
    }

    public static void Write(Utf8JsonWriter json, KvEntry entry)
    {
        json.WriteStartObject();
        WriteMembers(json, entry);
        json.WriteEndObject();
    }

    /// <summary>Writes a value as exactly one of <c>json</c>, <c>text</c> and <c>base64</c>, so that an import stores the same bytes.</summary>
    public static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value, string contentType)
    {
        if (IsJson(contentType) && IsOnOneLine(value) && IsValid(value))
        {
            json.WritePropertyName("json"u8);
            json.WriteRawValue(value, skipInputValidation: true);
        }
        else if (IsText(value))
        {
            json.WriteString("text"u8, value);
        }
        else
        {
            json.WriteBase64String("base64"u8, value);
        }
    }

    public static bool IsText(ReadOnlySpan<byte> value)
    {
        try
        {
            _ = Utf8.GetCharCount(value);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static bool IsJson(string contentType)
    {
        var type = contentType.Split(';')[0].Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    // Line breaks would end the line, and a reader would drop white space around the value.
    private static bool IsOnOneLine(ReadOnlySpan<byte> value) =>
        value.Length > 0 && !value.ContainsAny((byte)'\n', (byte)'\r') && value[0] is not ((byte)' ' or (byte)'\t') && value[^1] is not ((byte)' ' or (byte)'\t');

    private static bool IsValid(ReadOnlySpan<byte> value)
    {
        try
        {
            using var document = JsonDocument.Parse(value.ToArray(), Strict);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset? time)
    {
        if (time is { } at)
            json.WriteString(name, at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }
}
