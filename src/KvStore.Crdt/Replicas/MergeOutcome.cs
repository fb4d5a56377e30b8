namespace KvStore.Crdt;

/// <summary>What became of a delta. Only <see cref="Merged"/> changed the replica.</summary>
public enum MergeOutcome
{
    /// <summary>It added something.</summary>
    Merged,

    /// <summary>The replica had all of it, as after a duplicate.</summary>
    Unchanged,

    /// <summary>The bytes are no delta.</summary>
    Malformed,

    /// <summary>It belongs to a value of another type.</summary>
    OtherType,

    /// <summary>It belongs to a value that was created separately, also if under the same key. Merging it would double what both contain.</summary>
    OtherLineage,

    /// <summary>Changes between the replica and the delta are missing: ask for the delta since the replica's version.</summary>
    Gap,

    /// <summary>Two histories use one replica id. The one that is not the hub's takes a new id.</summary>
    Forked,

    /// <summary>It is older than what was collected, or of a replica that was dropped: fetch the state, and repeat under a new id what was not sent.</summary>
    Collected,

    /// <summary>As <see cref="Collected"/>, but this replica is the one that is too old.</summary>
    Outdated,
}
