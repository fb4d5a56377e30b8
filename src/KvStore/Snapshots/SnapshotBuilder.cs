namespace KvStore;

/// <summary>Makes a snapshot from another one and changes. Belongs to one thread.</summary>
internal sealed class SnapshotBuilder(OrderedIndex.Builder index, long bytes)
{
    private long _bytes = bytes;

    /// <summary>Applies a commit.</summary>
    /// <exception cref="InvalidOperationException">The commit was decided against another state; the builder must not be used any more.</exception>
    public void Apply(Commit commit)
    {
        var deleted = commit.DeletedRange is { } range ? index.RemoveRange(range) : 0;
        if (deleted == 0)
        {
            foreach (ref readonly var change in commit.Changes)
                Replace(change.Previous, change.Current);
            return;
        }

        foreach (ref readonly var change in commit.Changes)
        {
            if (change.Current is not null)
            {
                Replace(change.Previous, change.Current);
                continue;
            }

            _bytes -= change.Previous!.Value.Bytes;
            deleted--;
        }

        if (deleted != 0)
            throw new InvalidOperationException("The range that a commit deletes did not have the entries that the commit says it had.");
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
