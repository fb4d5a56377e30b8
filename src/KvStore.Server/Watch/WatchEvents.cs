namespace KvStore.Server;

/// <summary>The events of a watch, in the format of Server-Sent Events (WHATWG HTML, section 9.2).</summary>
internal static class WatchEvents
{
    public const string ContentType = "text/event-stream";

    /// <summary>A comment, which clients skip. It shows that the stream has begun.</summary>
    public static byte[] Comment(string text) => System.Text.Encoding.UTF8.GetBytes($": {text}\n\n");

    /// <summary>An entry of the initial state. It has no id, because a client cannot resume within the initial state.</summary>
    public static byte[] Entry(Entry entry, bool withValue) => Make("entry"u8, null, entry, (json, one) => EntryJson.Write(json, one, withValue));

    /// <summary>The end of the initial state.</summary>
    public static byte[] Synced(Position position) => Of("synced"u8, position);

    /// <summary>A position without a change: no further change matches up to this revision.</summary>
    public static byte[] Bookmark(Position position) => Of("bookmark"u8, position);

    /// <summary>The next changes are forgotten; the stream ends.</summary>
    public static byte[] Gone(long oldestRevision) => Gone(oldestRevision, "Changes after the last id have been forgotten. Watch again with initial=true.");

    /// <summary>The next changes are too large for an event; the stream ends.</summary>
    public static byte[] TooLarge(long oldestRevision) => Gone(oldestRevision, "The changes after the last id are too large for one event. Watch again with initial=true.");

    /// <summary>The matching changes of commits, one event for each commit.</summary>
    public static byte[] Changes(StoreId? store, ReadOnlySpan<Commit> commits, WatchFilter filter, bool withValues)
    {
        var events = new ArrayBufferWriter<byte>();
        foreach (var commit in commits)
            WriteChange(events, store, commit, filter, withValues);
        return events.WrittenSpan.ToArray();
    }

    private static byte[] Gone(long oldestRevision, string detail) =>
        Make("gone"u8, null, (oldestRevision, detail), (json, what) =>
        {
            json.WriteStartObject();
            json.WriteNumber("oldest_revision"u8, what.oldestRevision);
            json.WriteString("detail"u8, what.detail);
            json.WriteEndObject();
        });

    private static void WriteChange(IBufferWriter<byte> output, StoreId? store, Commit commit, WatchFilter filter, bool withValues) =>
        Write(output, "change"u8, new Position(store, commit.Revision), (commit, filter, withValues), static (json, what) =>
        {
            json.WriteStartObject();
            json.WriteNumber("revision"u8, what.commit.Revision);
            json.WriteStartArray("changes"u8);
            foreach (ref readonly var change in what.commit.Changes)
            {
                if (what.filter.Matches(change.Key.Utf8))
                    Write(json, change, what.withValues);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    private static void Write(Utf8JsonWriter json, in EntryChange change, bool withValues)
    {
        json.WriteStartObject();
        if (change.Current is { } entry)
        {
            json.WriteString("type"u8, "put"u8);
            EntryJson.WriteMembers(json, entry, withValues);
        }
        else
        {
            json.WriteString("type"u8, change.IsExpiry ? "expire"u8 : "delete"u8);
            json.WriteString("key"u8, change.Key.Utf8);
        }

        json.WriteEndObject();
    }

    private static byte[] Of(ReadOnlySpan<byte> name, Position position) =>
        Make(name, position, position.Revision, (json, revision) =>
        {
            json.WriteStartObject();
            json.WriteNumber("revision"u8, revision);
            json.WriteEndObject();
        });

    private static byte[] Make<T>(ReadOnlySpan<byte> name, Position? id, T what, Action<Utf8JsonWriter, T> write)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(output, name, id, what, write);
        return output.WrittenSpan.ToArray();
    }

    private static void Write<T>(IBufferWriter<byte> output, ReadOnlySpan<byte> name, Position? id, T what, Action<Utf8JsonWriter, T> write)
    {
        var data = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(data, JsonWriting.Options))
            write(json, what);

        output.Write("event: "u8);
        output.Write(name);
        if (id is { } position)
        {
            output.Write("\nid: "u8);
            position.WriteUtf8(output);
        }

        // Stored JSON goes out as it was written. Its line breaks, which are only between its tokens, would end the field.
        output.Write("\ndata: "u8);
        var line = output.GetSpan(data.WrittenCount)[..data.WrittenCount];
        data.WrittenSpan.CopyTo(line);
        line.Replace((byte)'\n', (byte)' ');
        line.Replace((byte)'\r', (byte)' ');
        output.Advance(line.Length);
        output.Write("\n\n"u8);
    }
}
