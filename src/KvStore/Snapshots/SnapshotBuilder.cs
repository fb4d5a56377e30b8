namespace KvStore;

/// <summary>Builds the next snapshot from a snapshot and changes. Not thread-safe.</summary>
internal sealed class SnapshotBuilder
{
    private readonly Snapshot _start;
    private readonly SupersededBytes _superseded;
    private readonly OrderedIndex.Builder _index;

    // Of entries that undoing has put back, with the nodes that it makes for them.
    private long _restoredBytes;

    internal SnapshotBuilder(Snapshot start, OrderedIndex index)
    {
        _start = start;
        _superseded = new SupersededBytes(start.Age, start.Holds?.Ages ?? []);
        _index = index.ToBuilder(_superseded);
        Size = start.Size;
    }

    /// <summary>The bytes of memory that an older snapshot has, and the latest one at the time did not.</summary>
    public long UnsharedBytes => _start.UnsharedBytes + _superseded.NodeBytes + _restoredBytes;

    /// <summary>The sizes of the current entries.</summary>
    public SnapshotSize Size { get; private set; }

    /// <summary>Applies a commit.</summary>
    /// <exception cref="InvalidOperationException">The commit was evaluated against another state; the builder must not be used any more.</exception>
    public void Apply(Commit commit)
    {
        if (commit.Deleted is { } deleted)
        {
            if (_index.RemoveRange(deleted.Range) != deleted.Count)
                throw new InvalidOperationException($"The prefix {deleted.Prefix} did not have the entries that a commit says it had.");
            Size = Size.Without(deleted);

            // The index has added its own part.
            _superseded.AddUnvisited(deleted.MemoryBytes - (deleted.Count * Entry.IndexBytes));
        }

        var changes = commit.Changes;
        for (var i = 0; i < changes.Length; i++)
        {
            ref readonly var change = ref changes[i];
            if (change.Previous is { } previous)
                Supersede(previous, EntryChange.RetainedBytesOf(changes, i));
            Replace(change);
        }
    }

    /// <summary>Reverts a commit, which must be the last one that is applied.</summary>
    /// <exception cref="InvalidOperationException">The commit is not the last one; the builder must not be used any more.</exception>
    public void Undo(Commit commit)
    {
        foreach (ref readonly var change in commit.Changes)
        {
            // What an undone change put back may be replaced by what an earlier one puts back.
            if (change.Current is { } current && _start.Find(current.Key) != current)
                _restoredBytes -= UnsharedBytesOf(current);
            if (change.Previous is { } previous)
                _restoredBytes += UnsharedBytesOf(previous);
            Replace(new EntryChange(change.Current, change.Previous));
        }

        if (commit.Deleted is not { } deleted)
            return;
        _index.Insert(deleted.Entries);
        _restoredBytes += deleted.MemoryBytes;
        Size = Size.With(deleted);
    }

    /// <summary>The snapshot of the builder's current entries, as the state after <see cref="Apply"/>.</summary>
    public Snapshot ToSnapshot(long revision) => new(revision, _index.ToIndex(), Size)
    {
        Holds = _start.Holds,
        Superseded = _superseded,
        SupersededBefore = _start.SupersededBefore + _superseded.Total,
    };

    /// <summary>The snapshot of the builder's current entries, as the state after <see cref="Undo"/>.</summary>
    public Snapshot ToOldSnapshot(long revision) => new(revision, _index.ToIndex(), Size)
    {
        Holds = _start.Holds,
        SupersededBefore = _start.SupersededBefore,
        UnsharedBytes = UnsharedBytes,
    };

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(Key key) => _index.Find(key.Utf8);

    /// <summary>Counts the entries of a range, with the store's own records.</summary>
    public long CountOf(KeyRange range) => _index.CountOf(range);

    /// <summary>The entries of a range, in key order, with the store's own records. The builder must not change during the enumeration.</summary>
    public RangeEnumerator Scan(KeyRange range) => _index.Scan(range);

    // Without a value that the entry of its key in the start has too.
    private long UnsharedBytesOf(Entry entry) =>
        entry.ValueLength >= SharedValue.BytesMin && _start.Find(entry.Key) is { } present && present.SharesValueWith(entry)
            ? entry.MemoryBytes - entry.HeapBytes + entry.OwnHeapBytes
            : entry.MemoryBytes;

    // A shared value may be older than the entry.
    private void Supersede(Entry entry, long bytes)
    {
        var own = entry.OwnHeapBytes is > 0 and var head ? head : bytes;
        _superseded.Add(entry.Revision, own);
        if (bytes > own)
            _superseded.Add(entry.ValueHolderRevision, bytes - own);
    }

    /// <summary>The entries of a range as an index of their own, with the store's own records. It shares the memory of the builder's nodes.</summary>
    public OrderedIndex Slice(KeyRange range) => _index.Slice(range);

    private void Replace(in EntryChange change)
    {
        var (expected, replacement) = (change.Previous, change.Current);
        var found = replacement is { } entry ? _index.Set(entry) : _index.Remove(expected!.Value.Key);
        if (found != expected)
            throw new InvalidOperationException($"The key {(replacement ?? expected)!.Value.Key} did not have the entry that a commit says it had.");
        Size = Size.After(change);
    }
}
