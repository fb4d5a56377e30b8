namespace KvStore;

/// <summary>Builds the next snapshot from a snapshot and changes. Not thread-safe.</summary>
internal sealed class SnapshotBuilder(OrderedIndex.Builder index, SnapshotSize size)
{
    /// <summary>The sizes of the current entries.</summary>
    public SnapshotSize Size { get; private set; } = size;

    /// <summary>Applies a commit.</summary>
    /// <exception cref="InvalidOperationException">The commit was evaluated against another state; the builder must not be used any more.</exception>
    public void Apply(Commit commit)
    {
        var deleted = commit.DeletedRange is { } range ? index.RemoveRange(range) : 0;
        foreach (ref readonly var change in commit.Changes)
        {
            if (deleted == 0 || change.Current is not null)
            {
                Replace(change);
                continue;
            }

            Size = Size.Without(change.Previous!.Value);
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
            Replace(new EntryChange(change.Current, change.Previous));
    }

    /// <summary>The snapshot of the builder's current entries.</summary>
    public Snapshot ToSnapshot(long revision) => new(revision, index.ToIndex(), Size);

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(Key key) => index.Find(key.Utf8);

    /// <summary>Counts the entries of a range, with the store's own records.</summary>
    public long CountOf(KeyRange range) => index.CountOf(range);

    /// <summary>The entries of a range, in key order, with the store's own records. The builder must not change during the enumeration.</summary>
    public RangeEnumerator Scan(KeyRange range) => index.Scan(range);

    private void Replace(in EntryChange change)
    {
        var (expected, replacement) = (change.Previous, change.Current);
        var found = replacement is { } entry ? index.Set(entry) : index.Remove(expected!.Value.Key);
        if (found != expected)
            throw new InvalidOperationException($"The key {(replacement ?? expected)!.Value.Key} did not have the entry that a commit says it had.");
        Size = Size.After(change);
    }
}
