namespace KvStore.Server;

/// <summary>
/// What a page of a listing shows. It is collected before it is sent, so that a client that reads slowly keeps at most the entries of the page
/// in memory, and never the snapshot. Belongs to one request.
/// </summary>
internal sealed class ListingPage
{
    // What an item has besides its key and its value.
    private const int ItemBytes = 128;

    private readonly List<Entry> _entries = [];
    private readonly List<byte[]> _groups = [];

    /// <summary>Collects the page that a request asks for.</summary>
    /// <param name="snapshot">The state.</param>
    /// <param name="request">What to list.</param>
    /// <param name="bytesMax">Bytes at which the page ends.</param>
    public ListingPage(Snapshot snapshot, ListRequest request, int bytesMax)
    {
        Revision = snapshot.Revision;
        if (request.CountOnly)
            Count = snapshot.CountOf(request.Range);
        else
            Collect(snapshot, request, bytesMax);
    }

    /// <summary>The revision of the snapshot.</summary>
    public long Revision { get; }

    /// <summary>The number of entries, if that is all that is asked for.</summary>
    public long? Count { get; }

    /// <summary>The key or common prefix after which there is more; null on the last page.</summary>
    public byte[]? After { get; private set; }

    /// <summary>Writes the items, and releases their entries.</summary>
    public async ValueTask WriteItemsAsync(JsonOutput output, bool withValues)
    {
        var json = output.Json;
        json.WriteStartArray("items"u8);
        foreach (var entry in _entries)
        {
            if (withValues)
                await EntryJson.WriteAsync(output, entry, withValue: true);
            else
                WriteMembers(json, entry);
        }

        json.WriteEndArray();
        _entries.Clear();
    }

    /// <summary>Writes the common prefixes.</summary>
    public void WriteGroups(Utf8JsonWriter json)
    {
        json.WriteStartArray("prefixes"u8);
        foreach (var group in _groups)
            json.WriteStringValue(group);
        json.WriteEndArray();
    }

    // Without its value an item is small, but its entry may be large. So the client is not waited for while the entries are in memory.
    private static void WriteMembers(Utf8JsonWriter json, Entry entry)
    {
        json.WriteStartObject();
        EntryJson.WriteMembers(json, entry);
        json.WriteEndObject();
    }

    private void Collect(Snapshot snapshot, ListRequest request, int bytesMax)
    {
        var bytes = 0L;
        Listed last = default;
        foreach (var listed in request.In(snapshot))
        {
            // A page has at least one element even if it exceeds the limit, or its cursor would not advance.
            var count = _entries.Count + _groups.Count;
            if (count == request.Limit || (count > 0 && bytes >= bytesMax))
            {
                After = last.Utf8.ToArray();
                return;
            }

            last = listed;
            if (listed.IsGroup)
                _groups.Add(listed.Utf8.ToArray());
            else
                _entries.Add(listed.Entry);
            bytes += listed.Utf8.Length + (listed.IsGroup ? 0 : ItemBytes) + (request.WithValues && !listed.IsGroup ? listed.Entry.Value.Length : 0);
        }
    }
}
