namespace KvStore;

/// <summary>
/// The state that an operation is evaluated against, read-only, and what its commit would be stamped with. Valid for the call
/// that it is passed to.
/// </summary>
/// <param name="state">The state after every commit so far.</param>
/// <param name="revision">The revision that the commit would have.</param>
/// <param name="now">The time of the commit, in milliseconds since 1970-01-01 UTC.</param>
internal readonly struct EvaluationContext(SnapshotBuilder state, long revision, long now)
{
    /// <summary>The revision that the commit would have.</summary>
    public long Revision => revision;

    /// <summary>The time of the commit, in milliseconds since 1970-01-01 UTC.</summary>
    public long Now => now;

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(Key key) => state.Find(key);

    /// <summary>How many entries a range holds, without visiting them.</summary>
    public long CountOf(KeyRange range) => state.CountOf(range);

    /// <summary>The entries of a range, in key order.</summary>
    public RangeEnumerator Scan(KeyRange range) => state.Scan(range);

    /// <summary>The entries of a range as an index of their own. Visits only the two ends of the range.</summary>
    public OrderedIndex Slice(KeyRange range) => state.Slice(range);

    /// <summary>The change that stores a draft under its key, in the place of an entry or of none.</summary>
    public EntryChange Replace(Entry? previous, EntryDraft draft) => new(previous, draft.Stamp(
        createdRevision: previous?.CreatedRevision ?? revision,
        revision,
        version: previous?.Version + 1 ?? 1,
        modifiedAtMilliseconds: now));

    /// <summary>The change that continues the value of an entry.</summary>
    public EntryChange Extend(Entry entry, ReadOnlySpan<byte> suffix, long expiresAtMilliseconds) =>
        new(entry, Entry.Extend(entry, suffix, revision, entry.Version + 1, now, expiresAtMilliseconds));

    /// <summary>The change that stores the value and the content type of an entry under a key, in the place of an entry or of none. A large value is shared.</summary>
    public EntryChange Rewrite(Entry? previous, Key key, Entry source, long expiresAtMilliseconds) => new(previous, Entry.Derive(
        source,
        key.Utf8,
        createdRevision: previous?.CreatedRevision ?? revision,
        revision,
        version: previous?.Version + 1 ?? 1,
        modifiedAtMilliseconds: now,
        expiresAtMilliseconds));
}
