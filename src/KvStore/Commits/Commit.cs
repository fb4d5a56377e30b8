namespace KvStore;

/// <summary>What a commit did to one key: what stood there before, and what stands there now.</summary>
/// <param name="Previous">The entry before the commit, or null.</param>
/// <param name="Current">The entry after the commit, or null. One of the two is present.</param>
public readonly record struct CommittedChange(Entry? Previous, Entry? Current)
{
    /// <summary>The key that was changed.</summary>
    public Key Key => (Current ?? Previous)!.Key;
}

/// <summary>All that was committed at one revision. Immutable.</summary>
public sealed class Commit
{
    private readonly CommittedChange _only;

    /// <summary>A commit of one change.</summary>
    /// <param name="revision">The revision: greater than that of every commit before it.</param>
    /// <param name="change">The change.</param>
    public Commit(long revision, CommittedChange change) => (Revision, _only) = (revision, change);

    /// <summary>A commit of any number of changes.</summary>
    /// <param name="revision">The revision: greater than that of every commit before it.</param>
    /// <param name="changes">At least one change, and no key twice. The array belongs to the commit from now on.</param>
    public Commit(long revision, CommittedChange[] changes)
    {
        Revision = revision;
        if (changes.Length == 1)
            _only = changes[0];
        else
            All = changes;
    }

    internal Commit(long revision, CommittedChange only, CommittedChange[]? all) => (Revision, _only, All) = (revision, only, all);

    /// <summary>The commit's revision.</summary>
    public long Revision { get; }

    // Most commits have one change, which then needs no array.
    internal CommittedChange Only => _only;

    internal CommittedChange[]? All { get; }

    /// <summary>The changes, in the order in which they were asked for.</summary>
    public ReadOnlySpan<CommittedChange> Changes => All ?? new ReadOnlySpan<CommittedChange>(in _only);
}
