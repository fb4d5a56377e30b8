namespace KvStore;

/// <summary>What a commit did to one key: what stood there before, and what stands there now.</summary>
public readonly record struct EntryChange
{
    // Stands for no entry, and says why there is none. It takes no room of its own, like a flag would in every change.
    private static readonly Entry GoneByTime = Entry.Create(Key.FromStored([0]), default, "", 0, 0, 0, 0);

    // Not nullable, because there are as many in the history as it remembers commits, and this is half as large.
    private readonly Entry _previous;
    private readonly Entry _current;

    private EntryChange(Entry previous, Entry current) => (_previous, _current) = (previous, current);

    /// <summary>Makes a change.</summary>
    /// <param name="previous">The entry before the commit, or null.</param>
    /// <param name="current">The entry after the commit, or null. One of the two is present.</param>
    public EntryChange(Entry? previous, Entry? current) =>
        (_previous, _current) = (previous.GetValueOrDefault(), current.GetValueOrDefault());

    /// <summary>The entry before the commit, or null.</summary>
    public Entry? Previous => _previous == default ? null : _previous;

    /// <summary>The entry after the commit, or null. One of the two is present.</summary>
    public Entry? Current => _current == default || IsExpiry ? null : _current;

    /// <summary>Whether the entry was deleted because its time had come.</summary>
    public bool IsExpiry => _current == GoneByTime;

    /// <summary>The key that was changed.</summary>
    public Key Key => (Current ?? Previous)!.Value.Key;

    /// <summary>The deletion of an entry whose time has come.</summary>
    internal static EntryChange Expired(Entry previous) => new(previous, GoneByTime);
}

/// <summary>All that was committed at one revision. Immutable.</summary>
public sealed class Commit
{
    private readonly EntryChange _only;

    /// <summary>A commit of one change.</summary>
    /// <param name="revision">The revision: greater than that of every commit before it.</param>
    /// <param name="change">The change.</param>
    public Commit(long revision, EntryChange change) => (Revision, _only) = (revision, change);

    /// <summary>A commit of any number of changes.</summary>
    /// <param name="revision">The revision: greater than that of every commit before it.</param>
    /// <param name="changes">At least one change, and no key twice. The array belongs to the commit from now on.</param>
    public Commit(long revision, EntryChange[] changes)
    {
        Revision = revision;
        if (changes.Length == 1)
            _only = changes[0];
        else
            All = changes;
    }

    internal Commit(long revision, EntryChange only, EntryChange[]? all) => (Revision, _only, All) = (revision, only, all);

    /// <summary>The commit's revision.</summary>
    public long Revision { get; }

    // Most commits have one change, which then needs no array.
    internal EntryChange Only => _only;

    internal EntryChange[]? All { get; }

    /// <summary>The changes, in the order in which they were asked for.</summary>
    public ReadOnlySpan<EntryChange> Changes => All ?? new ReadOnlySpan<EntryChange>(in _only);
}
