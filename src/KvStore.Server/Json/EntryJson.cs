namespace KvStore.Server;

/// <summary>Entries as JSON: the items of listings, batches, transactions and watches.</summary>
internal static class EntryJson
{
    /// <summary>Writes an entry as an object, with its value if asked to, and sends what is a piece.</summary>
    public static ValueTask WriteAsync(JsonOutput output, Entry entry, bool withValue)
    {
        if (withValue && PlainEntry.TryWriteItem(output.Target, entry))
            return output.FlushIfFullAsync();
        output.Json.WriteStartObject();
        WriteMembers(output.Json, entry);
        return EndAsync(output, entry, withValue);
    }

    /// <summary>Writes the value, if asked to, and the end of the object that has it, and sends what is a piece.</summary>
    public static ValueTask EndAsync(JsonOutput output, Entry entry, bool withValue, bool mayBeJson = true)
    {
        if (withValue && BeginValue(output.Target, entry, mayBeJson) is { } large)
            return EndLargeAsync(output, large);
        output.Json.WriteEndObject();
        return output.FlushIfFullAsync();
    }

    /// <summary>Writes the members besides the value.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Entry entry)
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
    }

    /// <summary>Writes the value, or begins one that is larger than a piece; null if it is not.</summary>
    public static JsonValue? BeginValue(JsonTarget target, Entry entry, bool mayBeJson = true)
    {
        if (entry.Value.Length > JsonValue.PieceBytes)
            return new JsonValue(target, entry.Value, entry.ContentType, mayBeJson);
        JsonValue.WriteSmall(target, entry.Value, entry.ContentType, mayBeJson);
        return null;
    }

    private static async ValueTask EndLargeAsync(JsonOutput output, JsonValue value)
    {
        while (value.TryWritePiece())
            await output.FlushIfFullAsync();
        output.Json.WriteEndObject();
        await output.FlushIfFullAsync();
    }
}
