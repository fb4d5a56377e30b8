using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>
/// Entries as JSON, for most of them: those of a small value that needs no escapes, or is JSON. What it writes is equal to the byte to what
/// <see cref="EntryJson"/> and <see cref="ExportLine"/> write of the others.
/// </summary>
internal static class PlainEntry
{
    // The names of all members, four numbers, two times, and what is between them.
    private const int FixedBytes = 320;

    // A key or a media type that is longer makes the room no larger: its entry is written as those with escapes are.
    private const int TextBytesMax = 1024;

    private const int RoomBytes = FixedBytes + (2 * TextBytesMax) + JsonValue.PieceBytes;

    private enum Form
    {
        None,
        Json,
        Text,
    }

    // One item at a time is in it, on one thread, before it is copied to the output.
    [ThreadStatic]
    private static byte[]? _room;

    /// <summary>Writes the entry with its value as the next element of an array; false, and nothing, if it is none of those.</summary>
    public static bool TryWriteItem(JsonTarget target, Entry entry)
    {
        var media = MediaType.Of(entry.ContentType);
        if (FormOf(entry, media, mayBeJson: !target.IsOneLine) is not (not Form.None and var form))
            return false;
        var json = new PlainJson(_room ??= new byte[RoomBytes]);
        Append(ref json, entry, media);
        EndWith(ref json, entry, form);
        target.Json.WriteRawValue(json.Written, skipInputValidation: true);
        return true;
    }

    /// <summary>Writes the line of an export, with its end; false, and nothing, if the entry is none of those.</summary>
    /// <param name="output">The output, without anything of a JSON writer pending.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="mayBeJson">Whether JSON may be embedded where it stands.</param>
    public static bool TryWriteLine(IBufferWriter<byte> output, Entry entry, bool mayBeJson)
    {
        var media = MediaType.Of(entry.ContentType);
        if (FormOf(entry, media, mayBeJson) is not (not Form.None and var form))
            return false;
        var json = new PlainJson(output.GetSpan(FixedBytes + entry.Key.Length + media.Json.Length + entry.Value.Length));
        json.Append("{\"key\":\""u8);
        json.Append(entry.Key.Utf8);
        json.Append("\",\"content_type\":\""u8);
        json.Append(media.Json);
        AppendExpiry(ref json, entry);
        EndWith(ref json, entry, form);
        json.Append("\n"u8);
        output.Advance(json.Length);
        return true;
    }

    private static Form FormOf(Entry entry, MediaType media, bool mayBeJson)
    {
        var value = entry.Value.Span;
        var key = entry.Key.Utf8;
        if (value.Length > JsonValue.PieceBytes || key.Length > TextBytesMax || media.Json.Length > TextBytesMax || !PlainJson.IsPlain(key))
            return Form.None;
        if (media.IsJson && (!mayBeJson || (Utf8.IsValid(value) && InteroperableJson.Is(value))))
            return mayBeJson ? Form.Json : Form.None;
        return !media.HasOtherCharset && PlainJson.IsPlain(value) ? Form.Text : Form.None;
    }

    private static void Append(ref PlainJson json, Entry entry, MediaType media)
    {
        json.Append("{\"key\":\""u8);
        json.Append(entry.Key.Utf8);
        json.Append("\",\"revision\":"u8);
        json.Append(entry.Revision);
        json.Append(",\"created_revision\":"u8);
        json.Append(entry.CreatedRevision);
        json.Append(",\"version\":"u8);
        json.Append(entry.Version);
        json.Append(",\"content_type\":\""u8);
        json.Append(media.Json);
        json.Append("\",\"size\":"u8);
        json.Append(entry.Value.Length);
        json.Append(",\"modified_at\":\""u8);
        json.Append(entry.ModifiedAt);
        AppendExpiry(ref json, entry);
    }

    private static void AppendExpiry(ref PlainJson json, Entry entry)
    {
        if (entry.ExpiresAt is not { } expiresAt)
            return;
        json.Append("\",\"expires_at\":\""u8);
        json.Append(expiresAt);
    }

    // The member before has its quote open.
    private static void EndWith(ref PlainJson json, Entry entry, Form form)
    {
        json.Append(form == Form.Json ? "\",\"json\":"u8 : "\",\"text\":\""u8);
        json.Append(entry.Value.Span);
        json.Append(form == Form.Json ? "}"u8 : "\"}"u8);
    }
}
