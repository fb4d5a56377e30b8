namespace KvStore;

/// <summary>Builds the next snapshot from a snapshot and changes. Not thread-safe.</summary>
internal sealed class SnapshotBuilder(OrderedIndex.Builder index, long bytes)
{
    private long _bytes = bytes;

    /// <summary>Applies a commit.</summary>
    /// <exception cref="InvalidOperationException">The commit was evaluated against another state; the builder must not be used any more.</exception>
    public void Apply(Commit commit)
    {
        var deleted = commit.DeletedRange is { } range ? index.RemoveRange(range) : 0;
        foreach (ref readonly var change in commit.Changes)
        {
            if (deleted == 0 || change.Current is not null)
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

    /// <summary>Reverts a commit, which must be the last one that is applied.</summary>
    /// <exception cref="InvalidOperationException">The commit is not the last one; the builder must not be used any more.</exception>
    public void Undo(Commit commit)
    {
        foreach (ref readonly var change in commit.Changes)
            Replace(change.Current, change.Previous);
    }

    /// <summary>The snapshot of the builder's current entries.</summary>
    public Snapshot ToSnapshot(long revision) => new(revision, index.ToIndex(), _bytes);

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(Key key) => index.Find(key.Utf8);

    /// <summary>Counts the entries of a range, with the store's own records.</summary>
    public long CountOf(KeyRange range) => index.CountOf(range);

    /// <summary>The entries of a range, in key order, with the store's own records. The builder must not change during the enumeration.</summary>
    public RangeEnumerator Scan(KeyRange range) => index.Scan(range);

    private void Replace(Entry? expected, Entry? replacement)
    {
        var found = replacement is { } entry ? index.Set(entry) : index.Remove(expected!.Value.Key);
        if (found != expected)
            throw new InvalidOperationException($"The key {(replacement ?? expected)!.Value.Key} did not have the entry that a commit says it had.");
        _bytes += (replacement?.Bytes ?? 0) - (expected?.Bytes ?? 0);
    }
}
