using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace KvStore.Server;

/// <summary>The events of a watch, as Server-Sent Events (WHATWG HTML, section 9.2) have them on the wire.</summary>
internal static class WatchEvents
{
    public const string ContentType = "text/event-stream";

    // What a change has besides its key and value, as if it were escaped like these.
    private const int ChangeOverheadBytes = 64;

    /// <summary>A comment, which clients skip: it says at once that the stream is there.</summary>
    public static byte[] Comment(string text) => System.Text.Encoding.UTF8.GetBytes($": {text}\n\n");

    /// <summary>An entry that was there at the beginning. It has no id, because nobody can go on from the middle of the beginning.</summary>
    public static byte[] Entry(Entry entry, bool withValue) => Make("entry"u8, null, entry, (json, one) => EntryJson.Write(json, one, withValue));

    /// <summary>All entries that were there at the beginning have been sent.</summary>
    public static byte[] Synced(long revision) => OfRevision("synced"u8, revision);

    /// <summary>Nothing more has happened up to a revision.</summary>
    public static byte[] Bookmark(long revision) => OfRevision("bookmark"u8, revision);

    /// <summary>What comes next has been forgotten; the stream ends.</summary>
    public static byte[] Gone(long oldestRevision) => Gone(oldestRevision, "Changes after the last id have been forgotten. Watch again with initial=true.");

    /// <summary>What comes next is too large to be told; the stream ends.</summary>
    public static byte[] TooLarge(long oldestRevision) => Gone(oldestRevision, "The changes after the last id are too large for one event. Watch again with initial=true.");

    /// <summary>What the commits that a watcher was handed did to what it watches; made once for all who are handed the same.</summary>
    /// <returns>Null when they have more bytes than that: an array holds no more than 2 GiB, and a byte takes up to six in JSON.</returns>
    public static byte[]? TryGetChanges(Watcher watcher, bool withValues, long bytesMax)
    {
        if (watcher.Form is not Forms forms)
            watcher.Form = forms = new Forms();
        if ((withValues ? forms.WithValues : forms.WithoutValues) is null && BytesOf(watcher, withValues) > bytesMax)
            return null;
        return withValues
            ? forms.WithValues ??= Make(watcher, withValues)
            : forms.WithoutValues ??= Make(watcher, withValues);
    }

    private static long BytesOf(Watcher watcher, bool withValues)
    {
        var bytes = 0L;
        foreach (var commit in watcher.Commits)
        {
            foreach (ref readonly var change in commit.Changes)
            {
                if (watcher.Filter.Matches(change.Key.Utf8))
                    bytes += ChangeOverheadBytes + (withValues && change.Current is { } entry ? entry.Bytes : change.Key.Length);
            }
        }

        return bytes;
    }

    private static byte[] Gone(long oldestRevision, string detail) =>
        Make("gone"u8, null, (oldestRevision, detail), (json, what) =>
        {
            json.WriteStartObject();
            json.WriteNumber("oldest_revision"u8, what.oldestRevision);
            json.WriteString("detail"u8, what.detail);
            json.WriteEndObject();
        });

    private static byte[] Make(Watcher watcher, bool withValues)
    {
        var events = new ArrayBufferWriter<byte>();
        foreach (var commit in watcher.Commits)
            events.Write(Change(commit, watcher.Filter, withValues));
        return events.WrittenSpan.ToArray();
    }

    private static byte[] Change(Commit commit, WatchFilter filter, bool withValues) =>
        Make("change"u8, commit.Revision, (commit, filter, withValues), static (json, what) =>
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

    private static byte[] OfRevision(ReadOnlySpan<byte> name, long revision) =>
        Make(name, revision, revision, (json, number) =>
        {
            json.WriteStartObject();
            json.WriteNumber("revision"u8, number);
            json.WriteEndObject();
        });

    private static byte[] Make<T>(ReadOnlySpan<byte> name, long? id, T what, Action<Utf8JsonWriter, T> write)
    {
        var data = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(data, Json.WriterOptions))
            write(json, what);

        var output = new ArrayBufferWriter<byte>(data.WrittenCount + 64);
        output.Write("event: "u8);
        output.Write(name);
        if (id is { } number)
        {
            output.Write("\nid: "u8);
            Utf8Formatter.TryFormat(number, output.GetSpan(20), out var digits);
            output.Advance(digits);
        }

        // Stored JSON goes out as it was written. Its line breaks, which stand between its parts only, would end the field.
        output.Write("\ndata: "u8);
        var line = output.GetSpan(data.WrittenCount)[..data.WrittenCount];
        data.WrittenSpan.CopyTo(line);
        line.Replace((byte)'\n', (byte)' ');
        line.Replace((byte)'\r', (byte)' ');
        output.Advance(line.Length);
        output.Write("\n\n"u8);
        return output.WrittenSpan.ToArray();
    }

    // What commits look like on the wire.
    private sealed class Forms
    {
        private volatile byte[]? _withValues;
        private volatile byte[]? _withoutValues;

        public byte[]? WithValues
        {
            get => _withValues;
            set => _withValues = value;
        }

        public byte[]? WithoutValues
        {
            get => _withoutValues;
            set => _withoutValues = value;
        }
    }
}
