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

    /// <summary>Builds the snapshot of an image, which takes the place of this one.</summary>
    /// <exception cref="ArgumentException">The entries are not in key order.</exception>
    internal Snapshot Replace(long revision, IEnumerable<Entry> entries, SnapshotHolds holds)
    {
        var image = FromSorted(revision, entries);
        var superseded = new SupersededBytes(Age, holds.Ages);
        superseded.AddUnvisited(Size.EntriesMemory + Size.RecordsMemory);
        return new(revision, image._index, image.Size) { Holds = holds, Superseded = superseded, SupersededBefore = SupersededBefore + superseded.Total };
    }

    /// <summary>The revision of this state: that of its last commit. For a snapshot from <see cref="Store.FindSnapshotAsync"/>: the requested revision, which may lie between two commits.</summary>
    public long Revision { get; }

    /// <summary>The number of entries, without the store's own records.</summary>
    public long Count => _index.CountOf(KeyRange.UserKeys);

    /// <summary>The number of entries, with the store's own records.</summary>
    internal int TotalCount => _index.Count;

    /// <summary>The bytes of all keys and values, with the store's own records.</summary>
    public long Bytes => Size.Bytes;

    /// <summary>Heap bytes of the entries, with what is known of them at their origin, without idempotency records.</summary>
    public long MemoryBytes => Size.EntriesMemory;

    /// <summary>The sizes of the entries.</summary>
    internal SnapshotSize Size { get; }

    /// <summary>The entry of a key, or null.</summary>
    public Entry? Find(Key key) => _index.Find(key.Utf8);

    /// <summary>The record of the store's own under a key, or null.</summary>
    /// <param name="kind">What it is about.</param>
    /// <param name="rest">What follows the prefix of the kind.</param>
    internal Entry? FindReserved(ReservedKind kind, ReadOnlySpan<byte> rest)
    {
        var prefix = ReservedKeys.PrefixOf(kind);
        var length = prefix.Length + rest.Length;
        Span<byte> key = length <= 512 ? stackalloc byte[length] : new byte[length];
        prefix.CopyTo(key);
        rest.CopyTo(key[prefix.Length..]);
        return _index.Find(key);
    }

    /// <summary>Counts the entries of a range, without the store's own records. Takes logarithmic time: it does not visit them.</summary>
    public long CountOf(KeyRange range) => range.ClampToUserKeys() is { IsEmpty: false } users ? _index.CountOf(users) : 0;

    /// <summary>Counts the store's own records of a range of their keys.</summary>
    internal long CountOfReserved(KeyRange range) => _index.CountOf(range);

    /// <summary>The store's own records of a range of their keys, in key order.</summary>
    internal IEnumerable<Entry> ScanReserved(KeyRange range)
    {
        foreach (var entry in _index.Scan(range))
            yield return entry;
    }

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

    /// <summary>What holds old snapshots of this store; null for one that cannot be held.</summary>
    internal SnapshotHolds? Holds { get; init; }

    /// <summary>What the commits that led here took out of the snapshot before; null for one that is not the successor of another.</summary>
    internal SupersededBytes? Superseded { get; init; }

    /// <summary>The bytes that all publications up to this one took out of the latest snapshot.</summary>
    internal long SupersededBefore { get; init; }

    /// <summary>The bytes that it has and the snapshot that it was made from by undoing does not.</summary>
    internal long UnsharedBytes { get; init; }

    /// <summary>How far the state reaches.</summary>
    internal StateAge Age => new(Revision, _index.Owner);

    // For tests, which measure what is reachable.
    internal Node Root => _index.Root;

    /// <summary>A builder that starts with the entries of this snapshot.</summary>
    internal SnapshotBuilder ToBuilder() => new(this, _index);
}
