namespace KvStore;

/// <summary>What a commit did to one key: what stood there before, and what stands there now.</summary>
/// <param name="Previous">The entry before the commit, or null.</param>
/// <param name="Current">The entry after the commit, or null. One of the two is present.</param>
public readonly record struct CommittedChange(Entry? Previous, Entry? Current)
{
    /// <summary>The key that was changed.</summary>
    public Key Key => (Current ?? Previous)!.Value.Key;
}

/// <summary>All that was committed at one revision. Immutable.</summary>
/// <param name="revision">The revision: greater than that of every commit before it.</param>
/// <param name="changes">The changes: at least one, and no key twice. The array belongs to the commit from now on.</param>
public sealed class Commit(long revision, CommittedChange[] changes)
{
    /// <summary>The commit's revision.</summary>
    public long Revision { get; } = revision;

    /// <summary>The changes, in the order in which they were asked for.</summary>
    public ReadOnlyMemory<CommittedChange> Changes { get; } = changes;
}
