namespace KvStore;

/// <summary>
/// All entries as of one revision. Immutable: any number of threads may read it, for as long as they like, without waiting for the
/// writer or delaying it. A referenced snapshot keeps its entries in memory, including those that have been replaced since.
/// </summary>
public sealed class Snapshot
{
    private readonly OrderedIndex _index;

    internal Snapshot(long revision, OrderedIndex index, SnapshotSize size) => (Revision, _index, Size) = (revision, index, size);

    /// <summary>The state before the first commit.</summary>
    internal static Snapshot Empty { get; } = new(0, OrderedIndex.Empty, default);

    /// <summary>Builds a snapshot from entries in key order, each key once.</summary>
    /// <exception cref="ArgumentException">The entries are not in key order.</exception>
    internal static Snapshot FromSorted(long revision, IEnumerable<Entry> entries)
    {
        var size = default(SnapshotSize);
        var index = OrderedIndex.FromSorted(entries.Select(entry =>
        {
            size = size.With(entry);
            return entry;
        }));
        return new(revision, index, size);
    }

    /// <summary>The revision of this state: that of its last commit. For a snapshot from <see cref="Store.TryGetSnapshot"/>: the requested revision, which may lie between two commits.</summary>
    public long Revision { get; }

    /// <summary>The number of entries, without the store's own records.</summary>
    public long Count => _index.CountOf(KeyRange.UserKeys);

    /// <summary>The number of entries, with the store's own records.</summary>
    internal int TotalCount => _index.Count;

    /// <summary>The bytes of all keys and values, with the store's own records.</summary>
    public long Bytes => Size.Bytes;

    /// <summary>Heap bytes of the entries, without the store's own records.</summary>
    public long MemoryBytes => Size.EntriesMemory;

    /// <summary>The sizes of the entries.</summary>
    internal SnapshotSize Size { get; }

    /// <summary>The entry of a key, or null.</summary>
    public Entry? Find(Key key) => _index.Find(key.Utf8);

    /// <summary>Counts the entries of a range, without the store's own records. Takes logarithmic time: it does not visit them.</summary>
    public long CountOf(KeyRange range) => range.ClampToUserKeys() is { IsEmpty: false } users ? _index.CountOf(users) : 0;

    /// <summary>The entries of a range in key order, without the store's own records. Lazy: each enumeration visits only the entries it returns.</summary>
    public IEnumerable<Entry> Scan(KeyRange range)
    {
        var users = range.ClampToUserKeys();
        if (users.IsEmpty)
            yield break;
        foreach (var entry in _index.Scan(users))
            yield return entry;
    }

    /// <summary>All entries in key order, with the store's own records.</summary>
    internal IEnumerable<Entry> ScanAll()
    {
        foreach (var entry in _index.Scan(default))
            yield return entry;
    }

    /// <summary>A builder that starts with the entries of this snapshot.</summary>
    internal SnapshotBuilder ToBuilder() => new(_index.ToBuilder(), Size);
}
