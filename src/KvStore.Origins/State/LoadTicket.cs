namespace KvStore.Origins;

/// <summary>What a load found when it began, and must find unchanged when it ends: otherwise something newer happened, and its answer is dropped.</summary>
/// <param name="Key">The key.</param>
/// <param name="SidecarRevision">The revision of the key's sidecar; 0 if it had none.</param>
/// <param name="EpochRevision">The revision of the origin's epoch; 0 if it had none.</param>
/// <param name="EntryRevision">The revision of the key's entry; 0 if it had none.</param>
/// <param name="ETag">The origin's ETag of the entry; null if there is none to compare with.</param>
/// <param name="BeganAt">The timestamp at which the load began.</param>
internal sealed record LoadTicket(Key Key, long SidecarRevision, long EpochRevision, long EntryRevision, string? ETag, long BeganAt)
{
    /// <summary>The revision of the key's write mark; 0 if it has none.</summary>
    public long MarkRevision { get; init; }

    /// <summary>Whether a write of the key might have been on its way to the origin.</summary>
    public bool IsBeingWritten { get; init; }

    /// <summary>The guards of what the load commits.</summary>
    /// <param name="sidecar">The key of the sidecar.</param>
    /// <param name="epoch">The key of the epoch.</param>
    /// <param name="keepsEntry">Whether it relies on the entry that was there.</param>
    public ImmutableArray<Guard> Guards(Key sidecar, Key epoch, bool keepsEntry) => keepsEntry
        ? [GuardOf(sidecar, SidecarRevision), GuardOf(epoch, EpochRevision), GuardOf(Key, EntryRevision)]
        : [GuardOf(sidecar, SidecarRevision), GuardOf(epoch, EpochRevision)];

    private static Guard GuardOf(Key key, long revision) => revision == 0 ? Guard.Absent(key) : Guard.RevisionIn(key, revision);
}

/// <summary>What became of what a load found.</summary>
internal enum LoadCommit
{
    /// <summary>It is stored.</summary>
    Stored,

    /// <summary>It is what was there, which is known to be valid from now on.</summary>
    Touched,

    /// <summary>Something newer happened while it was loaded, so it was dropped.</summary>
    Raced,

    /// <summary>It could not be stored, and is good for those who wait for it.</summary>
    NotStored,
}
