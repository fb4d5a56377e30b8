using System.Buffers;

namespace KvStore.Cli;

/// <summary>One entry of an import, or why it is none.</summary>
/// <param name="Place">Where it is in the file, for messages: "line 7".</param>
/// <param name="Line">It as a line of <c>POST /v1/import</c>, without the line break; empty if it is none.</param>
/// <param name="Error">Why it cannot be stored; null if it can.</param>
internal readonly record struct ImportItem(string Place, ReadOnlyMemory<byte> Line, string? Error = null)
{
    public static ImportItem Failed(string place, string error) => new(place, default, error);

    /// <summary>An entry with a value in bytes.</summary>
    /// <param name="place">Where it is in the file.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">What applies to all entries.</param>
    /// <param name="expiresAt">When it expires; null for never.</param>
    public static ImportItem Of(string place, string key, ReadOnlySpan<byte> value, ImportOptions options, DateTimeOffset? expiresAt = null)
    {
        var line = new ArrayBufferWriter<byte>(value.Length + 128);
        using (var json = new Utf8JsonWriter(line, Session.JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString("key"u8, options.Prefix + key);
            json.WriteString("content_type"u8, options.ContentType ?? (EntryJson.IsText(value) ? ValueInput.Text : ValueInput.Binary));
            if (expiresAt is { } time)
                json.WriteString("expires_at"u8, time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            if (EntryJson.IsText(value))
                json.WriteString("text"u8, value);
            else
                json.WriteBase64String("base64"u8, value);
            json.WriteEndObject();
        }

        return new ImportItem(place, line.WrittenMemory);
    }
}

/// <summary>What applies to all entries of an import. Immutable.</summary>
/// <param name="Prefix">What is put before each key; empty for nothing.</param>
/// <param name="ContentType">The media type of each; null for text or binary by the value. Lines of an export have their own.</param>
internal sealed record ImportOptions(string Prefix, string? ContentType);
