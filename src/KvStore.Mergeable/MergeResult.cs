namespace KvStore.Mergeable;

/// <summary>What became of a <see cref="MergeRequest"/>. One of the nested types.</summary>
public abstract record MergeResult
{
    private MergeResult()
    {
    }

    /// <summary>The change is committed, or there was nothing to change.</summary>
    /// <param name="Revision">The revision of the entry.</param>
    /// <param name="IsCreated">Whether this request made the value.</param>
    /// <param name="Type">The type of the value.</param>
    /// <param name="Version">What the value includes.</param>
    /// <param name="Delta">What the client lacks; null if it asked for nothing or lacks nothing.</param>
    /// <param name="Number">The number of a counter; else null.</param>
    public sealed record Merged(long Revision, bool IsCreated, CrdtType Type, VersionVector Version, ReadOnlyMemory<byte>? Delta, Int128? Number) : MergeResult
    {
        /// <summary>Which creation of the value it is.</summary>
        public ulong Lineage { get; init; }
    }

    /// <summary>The change cannot be made; nothing was changed.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Revision">The revision of the state that it was refused in.</param>
    /// <param name="Version">What the value includes, if there is one.</param>
    public sealed record Refused(MergeRefusal Reason, long Revision, VersionVector? Version) : MergeResult;

    /// <summary>The store did not commit it, for a reason that other writes have too: failed conditions, a full queue, an unknown outcome.</summary>
    /// <param name="Outcome">Never one that is committed.</param>
    public sealed record NotCommitted(Outcome Outcome) : MergeResult;
}

/// <summary>Why a change of a mergeable value cannot be made.</summary>
public enum MergeRefusal
{
    /// <summary>The key has no entry, and no type was given to make one with.</summary>
    Absent,

    /// <summary>The key has an entry that is no mergeable value.</summary>
    NotMergeable,

    /// <summary>The key belongs to an origin.</summary>
    OfOrigin,

    /// <summary>The value, or the delta, is of another type.</summary>
    OtherType,

    /// <summary>The type does not have this change.</summary>
    Unsupported,

    /// <summary>A number would leave 64 bits.</summary>
    Overflow,

    /// <summary>A position is outside of the text.</summary>
    OutOfRange,

    /// <summary>A text is not valid Unicode.</summary>
    InvalidText,

    /// <summary>The bytes are no delta.</summary>
    Malformed,

    /// <summary>The delta belongs to a value that was created separately.</summary>
    OtherLineage,

    /// <summary>Changes between the value and the delta are missing, or the base is not known here.</summary>
    Gap,

    /// <summary>Two histories use one replica id.</summary>
    Forked,

    /// <summary>What the request refers to was collected: fetch the state, and repeat under a new id what was not sent.</summary>
    Collected,

    /// <summary>The value would exceed its limit.</summary>
    TooLarge,
}
