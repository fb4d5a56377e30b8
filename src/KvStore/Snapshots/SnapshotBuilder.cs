namespace KvStore;

/// <summary>Makes a snapshot from another one and changes. Belongs to one thread.</summary>
internal sealed class SnapshotBuilder(OrderedIndex.Builder index, long bytes)
{
    private long _bytes = bytes;

    /// <summary>Does to the entries what a commit did.</summary>
    /// <exception cref="InvalidOperationException">The commit met another state than this one; the builder is of no use any more.</exception>
    public void Apply(Commit commit)
    {
        foreach (ref readonly var change in commit.Changes)
            Replace(change.Previous, change.Current);
    }

    /// <summary>Does to the entries what a commit does that was decided against them.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="deleted">A range that the commit leaves nothing of, if it is known.</param>
    public void Apply(Commit commit, KeyRange? deleted)
    {
        if (deleted is { } range)
            _ = index.RemoveRange(range);
        foreach (ref readonly var change in commit.Changes)
        {
            _bytes += (change.Current?.Bytes ?? 0) - (change.Previous?.Bytes ?? 0);
            if (change.Current is { } entry)
                _ = index.Set(entry);
            else if (deleted is null)
                _ = index.Remove(change.Key);
        }
    }

    /// <summary>Takes back what a commit did, if it is the last one that the entries have seen.</summary>
    /// <exception cref="InvalidOperationException">It is not; the builder is of no use any more.</exception>
    public void Undo(Commit commit)
    {
        foreach (ref readonly var change in commit.Changes)
            Replace(change.Current, change.Previous);
    }

    /// <summary>The snapshot of what the builder holds.</summary>
    public Snapshot ToSnapshot(long revision) => new(revision, index.ToIndex(), _bytes);

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(Key key) => index.Find(key.Utf8);

    /// <summary>How many entries a range holds.</summary>
    public long CountOf(KeyRange range) => index.CountOf(range);

    /// <summary>The entries of a range, in key order. The builder must not change meanwhile.</summary>
    public RangeEnumerator Scan(KeyRange range) => index.Scan(range);

    /// <summary>Puts an entry in, in the place of one with the same key, which is returned.</summary>
    public Entry? Set(Entry entry)
    {
        var previous = index.Set(entry);
        _bytes += entry.Bytes - (previous?.Bytes ?? 0);
        return previous;
    }

    /// <summary>Takes a key's entry out and returns it; null when there is none.</summary>
    public Entry? Remove(Key key)
    {
        var previous = index.Remove(key);
        _bytes -= previous?.Bytes ?? 0;
        return previous;
    }

    private void Replace(Entry? expected, Entry? replacement)
    {
        var met = replacement is { } entry ? Set(entry) : Remove(expected!.Value.Key);
        if (met != expected)
            throw new InvalidOperationException($"The key {(replacement ?? expected)!.Value.Key} did not have the entry that a commit says it had.");
    }
}
