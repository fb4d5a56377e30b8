namespace KvStore.Cli;

/// <summary>Prints the events of a watch.</summary>
internal static class WatchOutput
{
    /// <summary>The position after an event; null if it has none.</summary>
    public static KvRevision? PositionOf(KvWatchEvent watched) => watched switch
    {
        KvWatchEvent.Changed changed => changed.Revision,
        KvWatchEvent.Synced synced => synced.Revision,
        KvWatchEvent.Bookmark bookmark => bookmark.Revision,
        _ => null,
    };

    /// <summary>Prints an event.</summary>
    /// <returns>How many changes were printed, at most <paramref name="max"/>.</returns>
    public static int Print(Session session, KvWatchEvent watched, long max)
    {
        switch (watched)
        {
            case KvWatchEvent.Changed changed:
                var changes = changed.Changes.Take((int)Math.Min(max, int.MaxValue)).ToArray();
                foreach (var change in changes)
                    Print(session, changed.Revision, change);
                return changes.Length;
            case KvWatchEvent.Entry entry when session.IsJson:
                WriteJson(session, "entry", null, entry.Value);
                break;
            case KvWatchEvent.Entry entry:
                PrintLine(session, Color.Dim, "entry", entry.Value.Key, entry.Value);
                break;
            case KvWatchEvent.Synced synced when session.IsJson:
                WriteJson(session, "synced", synced.Revision, null);
                break;
            case KvWatchEvent.Reset when session.IsJson:
                WriteJson(session, "reset", null, null);
                break;
        }

        return 0;
    }

    private static void Print(Session session, KvRevision position, KvChange change)
    {
        var name = change.Kind.ToString().ToLowerInvariant();
        if (session.IsJson)
            WriteJson(session, name, position, change.Entry, change.Key);
        else
            PrintLine(session, change.Kind switch { KvChangeKind.Put => Color.Green, KvChangeKind.Delete => Color.Red, _ => Color.Yellow }, name, change.Key, change.Entry);
    }

    private static void PrintLine(Session session, Color color, string name, string key, KvEntry? entry)
    {
        var line = new StringBuilder(TimeProvider.System.GetLocalNow().ToString("HH:mm:ss  ", CultureInfo.InvariantCulture));
        line.Append(session.Out.Paint(color, name.PadRight(6))).Append("  ").Append(Symbols.Named(key));
        if (entry is { HasValue: true })
            line.Append("  ").Append(Visible.Cut(Visible.Line(entry.Value.Span), Math.Max(20, session.Out.Width - Visible.Columns(key) - 20)));
        session.Out.Line(line.ToString());
    }

    private static void WriteJson(Session session, string type, KvRevision? position, KvEntry? entry, string? key = null) => session.WriteJson(json =>
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        if (position is { } at)
            json.WriteString("position"u8, at.ToString());
        if (entry is not null)
        {
            EntryJson.WriteMembers(json, entry);
        }
        else
        {
            if (key is not null)
                json.WriteString("key"u8, key);
            if (position is { } reached)
                json.WriteNumber("revision"u8, reached.Number);
        }

        json.WriteEndObject();
    });
}
