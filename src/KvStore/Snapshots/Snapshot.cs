namespace KvStore;

/// <summary>
/// All entries as they were at one revision. Immutable: any number of threads may read it for as long as they like, and
/// it neither waits for the writer nor holds the writer up.
/// </summary>
public sealed class Snapshot
{
    private readonly OrderedIndex _index;

    internal Snapshot(long revision, OrderedIndex index, long bytes)
    {
        Revision = revision;
        Bytes = bytes;
        _index = index;
    }

    /// <summary>A store that nothing was ever written to.</summary>
    internal static Snapshot Empty { get; } = new(0, OrderedIndex.Empty, 0);

    /// <summary>A snapshot of entries that come in key order, each key once.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    internal static Snapshot FromSorted(long revision, IEnumerable<Entry> entries)
    {
        var bytes = 0L;
        var index = OrderedIndex.FromSorted(entries.Select(entry =>
        {
            bytes += entry.Bytes;
            return entry;
        }));
        return new(revision, index, bytes);
    }

    /// <summary>The revision whose state this is: that of the last commit in here, or a later one that <see cref="Store.TryGetSnapshot"/> was asked for.</summary>
    public long Revision { get; }

    /// <summary>How many entries there are; without the store's own records.</summary>
    public long Count => _index.CountOf(KeyRange.UserKeys);

    /// <summary>How many entries and records of the store's own there are.</summary>
    internal int TotalCount => _index.Count;

    /// <summary>Bytes of all keys and values, with the store's own records.</summary>
    public long Bytes { get; }

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(ReadOnlySpan<byte> key) => _index.Find(key);

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(Key key) => _index.Find(key.Utf8);

    /// <summary>How many entries a range holds; does not visit them. The store's own records are not among them.</summary>
    public long CountOf(KeyRange range) => range.ClampToUserKeys() is { IsEmpty: false } users ? _index.CountOf(users) : 0;

    /// <summary>The entries of a range in the order of their keys, found while they are asked for; without the store's own records.</summary>
    public IEnumerable<Entry> Scan(KeyRange range)
    {
        var users = range.ClampToUserKeys();
        if (users.IsEmpty)
            yield break;
        foreach (var entry in _index.Scan(users))
            yield return entry;
    }

    /// <summary>Everything in the order of keys: entries, and the store's own records.</summary>
    internal IEnumerable<Entry> ScanAll()
    {
        foreach (var entry in _index.Scan(default))
            yield return entry;
    }

    /// <summary>A builder that starts with this snapshot's entries.</summary>
    internal SnapshotBuilder ToBuilder() => new(_index.ToBuilder(), Bytes);
}
