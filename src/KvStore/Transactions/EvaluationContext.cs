namespace KvStore;

/// <summary>What a change meets when it is decided.</summary>
/// <param name="Builder">The state after every commit so far. A change looks at it and leaves it as it is.</param>
/// <param name="Revision">The revision that the change would have.</param>
/// <param name="Now">The time of the commit, in milliseconds since 1970-01-01 UTC.</param>
internal readonly record struct EvaluationContext(SnapshotBuilder Builder, long Revision, long Now)
{
    /// <summary>The change that puts a draft in the place of an entry, or of none.</summary>
    public EntryChange Replace(Entry? previous, EntryDraft draft) => new(previous, draft.Stamp(
        createdRevision: previous?.CreatedRevision ?? Revision,
        Revision,
        version: previous?.Version + 1 ?? 1,
        modifiedAtMilliseconds: Now));
}

/// <summary>Why a change cannot be done, although every guard holds.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Current">The entry that is in its way, or null.</param>
internal readonly record struct Rejection(RejectionReason Reason, Entry? Current);
