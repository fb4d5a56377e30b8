namespace KvStore.Mergeable;

/// <summary>In which form a value is read.</summary>
public enum MergeableForm
{
    /// <summary>The number, the array of elements or the string, as JSON.</summary>
    Json,

    /// <summary>The number in digits, or the text.</summary>
    Text,

    /// <summary>A delta, or the state.</summary>
    Delta,

    /// <summary>Only its type and its version.</summary>
    None,
}

/// <summary>What was read of a mergeable value.</summary>
/// <param name="Type">The type.</param>
/// <param name="Version">What the value includes.</param>
/// <param name="Bytes">In the form that was asked for: UTF-8, or the delta; null for a delta if nothing is lacking, for <see cref="MergeableForm.None"/>, and for a set as text.</param>
public sealed record MergeableRead(CrdtType Type, VersionVector Version, ReadOnlyMemory<byte>? Bytes)
{
    /// <summary>The id of the store that collects.</summary>
    public ulong Hub { get; init; }

    /// <summary>Which creation of the value it is.</summary>
    public ulong Lineage { get; init; }

    /// <summary>The number of a counter; null for another type.</summary>
    public Int128? Number { get; init; }
}
