namespace KvStore.Crdt;

/// <summary>What became of a change that a replica was asked for. Only <see cref="Applied"/> changed it.</summary>
public enum IntentOutcome
{
    /// <summary>The change was made.</summary>
    Applied,

    /// <summary>There was nothing to change.</summary>
    Unchanged,

    /// <summary>The type does not have this change, such as a removal from a set that only grows.</summary>
    Unsupported,

    /// <summary>A number would leave 64 bits, or the replica has named all the changes that it can (2^53).</summary>
    Overflow,

    /// <summary>A position is outside of the text.</summary>
    OutOfRange,

    /// <summary>A text is not valid Unicode.</summary>
    InvalidText,

    /// <summary>It refers to a version with changes that the replica lacks.</summary>
    Gap,

    /// <summary>It refers to a version that is older than what was collected.</summary>
    Collected,
}
