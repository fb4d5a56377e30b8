namespace KvStore.Server;

/// <summary>
/// The events of a watch, in the format of Server-Sent Events (WHATWG HTML, section 9.2). An event may be as large as all that a commit changed, so it is
/// written piece by piece: where a method yields, what it has written can be sent.
/// </summary>
internal static class WatchEvents
{
    public const string ContentType = "text/event-stream";

    /// <summary>A comment, which clients skip. It shows that the stream has begun.</summary>
    public static void Comment(JsonTarget to, string text) => to.Output.Write(System.Text.Encoding.UTF8.GetBytes($": {text}\n\n"));

    /// <summary>An entry of the initial state. It has no id, because a client cannot resume within the initial state.</summary>
    public static IEnumerable<JsonTarget> Entry(JsonTarget to, Entry entry, bool withValue)
    {
        Begin(to, "entry"u8, null);
        EntryJson.WriteMembers(to.Json, entry);
        for (var value = withValue ? EntryJson.BeginValue(to, entry) : null; value?.TryWritePiece() == true;)
            yield return to;
        End(to);
    }

    /// <summary>The end of the initial state.</summary>
    public static void Synced(JsonTarget to, Position position) => WritePosition(to, "synced"u8, position);

    /// <summary>A position without a change: no further change matches up to this revision.</summary>
    public static void Bookmark(JsonTarget to, Position position) => WritePosition(to, "bookmark"u8, position);

    /// <summary>The next changes are forgotten; the stream ends.</summary>
    /// <param name="to">Where it is written.</param>
    /// <param name="oldestRevision">The oldest revision that can be read; null for a client that must not learn it.</param>
    /// <param name="detail">What the client does now.</param>
    public static void Gone(JsonTarget to, long? oldestRevision, string detail)
    {
        Begin(to, "gone"u8, null);
        if (oldestRevision is { } oldest)
            to.Json.WriteNumber("oldest_revision"u8, oldest);
        to.Json.WriteString("detail"u8, detail);
        End(to);
    }

    /// <summary>The service stops; the stream ends, and resumes from this position.</summary>
    public static void Reconnect(JsonTarget to, Position position, int delayMilliseconds, string detail)
    {
        to.Output.Write(System.Text.Encoding.UTF8.GetBytes($"retry: {delayMilliseconds}\n"));
        Begin(to, "reconnect"u8, position);
        to.Json.WriteNumber("revision"u8, position.Revision);
        to.Json.WriteString("detail"u8, detail);
        End(to);
    }

    /// <summary>The client may not watch any longer; the stream ends.</summary>
    public static void Revoked(JsonTarget to)
    {
        Begin(to, "revoked"u8, null);
        to.Json.WriteString("detail"u8, "The key was removed or changed, or has expired. Watch again with a valid one.");
        End(to);
    }

    /// <summary>The matching changes of a commit.</summary>
    public static IEnumerable<JsonTarget> Change(JsonTarget to, StoreId? store, Commit commit, WatchFilter filter, bool withValues)
    {
        Begin(to, "change"u8, new Position(store, commit.Revision));
        to.Json.WriteNumber("revision"u8, commit.Revision);
        to.Json.WriteStartArray("changes"u8);
        foreach (var deleted in filter.DeletedIn(commit))
        {
            to.Json.WriteStartObject();
            WriteMembers(to.Json, new EntryChange(deleted, null));
            to.Json.WriteEndObject();
            yield return to;
        }

        for (var i = 0; i < commit.Changes.Length; i++)
        {
            if (!filter.Matches(commit.Changes[i].Key.Utf8))
                continue;
            to.Json.WriteStartObject();
            WriteMembers(to.Json, commit.Changes[i]);
            for (var value = withValues && commit.Changes[i].Current is { } entry ? EntryJson.BeginValue(to, entry) : null; value?.TryWritePiece() == true;)
                yield return to;
            to.Json.WriteEndObject();
            yield return to;
        }

        to.Json.WriteEndArray();
        End(to);
    }

    private static void WriteMembers(Utf8JsonWriter json, in EntryChange change)
    {
        if (change.Current is { } entry)
        {
            json.WriteString("type"u8, "put"u8);
            EntryJson.WriteMembers(json, entry);
        }
        else
        {
            json.WriteString("type"u8, change.IsExpiry ? "expire"u8 : "delete"u8);
            json.WriteString("key"u8, change.Key.Utf8);
        }
    }

    private static void WritePosition(JsonTarget to, ReadOnlySpan<byte> name, Position position)
    {
        Begin(to, name, position);
        to.Json.WriteNumber("revision"u8, position.Revision);
        End(to);
    }

    /// <summary>Begins an event, whose data is an object.</summary>
    /// <remarks>The data is one line: line breaks of stored JSON, which are only between its tokens, would end the field.</remarks>
    public static void Begin(JsonTarget to, ReadOnlySpan<byte> name, Position? id)
    {
        to.Output.Write("event: "u8);
        to.Output.Write(name);
        if (id is { } position)
        {
            to.Output.Write("\nid: "u8);
            position.WriteUtf8(to.Output);
        }

        to.Output.Write("\ndata: "u8);
        to.Json.WriteStartObject();
    }

    /// <summary>Ends it.</summary>
    public static void End(JsonTarget to)
    {
        to.Json.WriteEndObject();
        to.Reset();
        to.Output.Write("\n\n"u8);
    }
}
