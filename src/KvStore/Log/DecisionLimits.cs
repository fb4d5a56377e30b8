namespace KvStore;

/// <summary>What decides a batch besides the state and the transactions.</summary>
/// <remarks>
/// The default value is that of a node of its own: its clock, its memory. A log that several replicas evaluate sets <see cref="Now"/> and
/// <see cref="IgnoresMemory"/> and says in its records what its writer refused, so that all come to the same state.
/// </remarks>
public readonly record struct DecisionLimits
{
    /// <summary>The time that stamps entries, in milliseconds since 1970-01-01 UTC; null for that of the clock.</summary>
    public long? Now { get; init; }

    /// <summary>Whether transactions that add to the keys and values are refused, and why. What does not grow passes, so that there is a way back.</summary>
    public GrowthRefusal GrowthRefusal { get; init; }

    /// <summary>Whether transactions that would add an idempotency record are refused (<see cref="NotAppliedReason.Overloaded"/>). A replay adds none.</summary>
    public bool RefusesRecords { get; init; }

    /// <summary>Whether the follower's bounds of memory are not asked.</summary>
    public bool IgnoresMemory { get; init; }
}

/// <summary>Why transactions that add to the keys and values are refused.</summary>
public enum GrowthRefusal
{
    /// <summary>They are not.</summary>
    None,

    /// <summary>The log has no space: <see cref="NotAppliedReason.NoSpace"/>.</summary>
    NoSpace,

    /// <summary>The entries are at their bound of memory: <see cref="NotAppliedReason.MemoryFull"/>.</summary>
    MemoryFull,
}
