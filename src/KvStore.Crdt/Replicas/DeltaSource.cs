namespace KvStore.Crdt;

/// <summary>Where a delta is from, which decides whether it may have changes of the replica itself.</summary>
internal enum DeltaSource
{
    /// <summary>Another replica: it has none that this one does not have.</summary>
    Other,

    /// <summary>The state that the replica begins with.</summary>
    State,

    /// <summary>What was stored after that state.</summary>
    Stored,
}
