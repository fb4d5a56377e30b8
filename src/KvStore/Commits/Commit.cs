namespace KvStore;

/// <summary>What a commit did to one key: the entry before and the entry after. Immutable.</summary>
public readonly record struct EntryChange
{
    // Stands for no entry after an expiry. A flag would take room in every change.
    private static readonly Entry ExpiryTombstone = Entry.Create([0], [], "", 0, 0, 0, 0, Entry.Never);

    // Not nullable, because the history has one of these per commit, and this is half as large.
    private readonly Entry _previous;
    private readonly Entry _current;

    private EntryChange(Entry previous, Entry current) => (_previous, _current) = (previous, current);

    /// <summary>Creates a change.</summary>
    /// <param name="previous">The entry before the commit, or null when there was none.</param>
    /// <param name="current">The entry after the commit, or null when it deleted the entry. At least one of the two is present, and both have the same key.</param>
    public EntryChange(Entry? previous, Entry? current) =>
        (_previous, _current) = (previous.GetValueOrDefault(), current.GetValueOrDefault());

    /// <summary>The entry before the commit; null when there was none.</summary>
    public Entry? Previous => _previous == default ? null : _previous;

    /// <summary>The entry after the commit; null when it was deleted or has expired.</summary>
    public Entry? Current => _current == default || IsExpiry ? null : _current;

    /// <summary>Whether the store deleted the entry because it had expired.</summary>
    public bool IsExpiry => _current == ExpiryTombstone;

    /// <summary>The changed key. It refers to an entry of this change and keeps that in memory.</summary>
    public Key Key => (Current ?? Previous)!.Value.Key;

    /// <summary>
    /// Whether the current entry, of a mergeable value, continues the value of the previous one. However large the value is, that takes the same time.
    /// </summary>
    /// <param name="suffix">What it adds. The store owns the bytes; they never change.</param>
    public bool TryGetSuffix(out ReadOnlyMemory<byte> suffix)
    {
        suffix = default;
        if (Previous is not { } previous || Current is not { } current || !current.Extends(previous))
            return false;
        suffix = current.Value[previous.ValueLength..];
        return true;
    }

    /// <summary>
    /// The bytes of memory that the history keeps for the changes of one commit: the previous entries, without values that an entry of the
    /// commit shares. A move shares a value between its deletion and the change after it.
    /// </summary>
    internal static long RetainedBytesOf(ReadOnlySpan<EntryChange> changes)
    {
        var bytes = 0L;
        for (var i = 0; i < changes.Length; i++)
            bytes += RetainedBytesOf(changes, i);
        return bytes;
    }

    /// <summary>The same, of one change.</summary>
    internal static long RetainedBytesOf(ReadOnlySpan<EntryChange> changes, int index)
    {
        if (changes[index].Previous is not { } previous)
            return 0;
        var isShared = (changes[index].Current is { } current && current.SharesValueWith(previous)) ||
            (index + 1 < changes.Length && changes[index + 1].Current is { } next && next.SharesValueWith(previous));
        return isShared ? previous.OwnHeapBytes : previous.HeapBytes;
    }

    /// <summary>The deletion of an expired entry.</summary>
    internal static EntryChange Expired(Entry previous) => new(previous, ExpiryTombstone);
}

/// <summary>What was changed at one revision, or a gap. Immutable; any thread may read it.</summary>
public sealed class Commit
{
    private readonly EntryChange _only;

    /// <summary>Creates a commit of one change.</summary>
    /// <param name="revision">The revision: greater than that of every commit before it.</param>
    /// <param name="change">The change.</param>
    public Commit(long revision, EntryChange change) => (Revision, _only) = (revision, change);

    /// <summary>Creates a commit of several changes.</summary>
    /// <param name="revision">The revision: greater than that of every commit before it.</param>
    /// <param name="changes">No key twice; at least one change, or a deleted prefix. The commit takes ownership of the array.</param>
    /// <param name="deleted">What it also deleted by prefix, or null. No change has a key with this prefix.</param>
    public Commit(long revision, EntryChange[] changes, DeletedPrefix? deleted = null)
    {
        (Revision, Deleted) = (revision, deleted);
        if (changes.Length == 1)
            _only = changes[0];
        else
            All = changes;
    }

    internal Commit(long revision, EntryChange only, EntryChange[]? all, DeletedPrefix? deleted) =>
        (Revision, _only, All, Deleted) = (revision, only, all, deleted);

    /// <summary>
    /// Creates a gap: a commit without changes. The revisions between the commit before it and this one are lost: they may have been
    /// reported to clients, for commits that the log no longer has. No revision is ever assigned to two commits, so they stay unused.
    /// </summary>
    /// <param name="revision">The revision at which the store continues: greater than that of every commit before it, lost or not.</param>
    public static Commit Gap(long revision) => new(revision, default, [], null);

    /// <summary>The revision of the commit. Revisions strictly increase; they need not be consecutive.</summary>
    public long Revision { get; }

    /// <summary>Whether the revisions between the commit before it and this one are lost.</summary>
    public bool IsGap => All is [] && Deleted is null;

    /// <summary>The entries that it deleted by prefix, which are not among the <see cref="Changes"/>; null when there are none.</summary>
    public DeletedPrefix? Deleted { get; }

    // Most commits have one change, which needs no array.
    internal EntryChange Only => _only;

    internal EntryChange[]? All { get; }

    /// <summary>The changes, in the order of the operations; each key once. A gap has none, and a deletion by prefix may have none. They include the store's own records, such as those of idempotency keys.</summary>
    public ReadOnlySpan<EntryChange> Changes => All ?? new ReadOnlySpan<EntryChange>(in _only);
}
