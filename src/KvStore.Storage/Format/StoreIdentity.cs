namespace KvStore.Storage;

/// <summary>Which store a directory has. Immutable.</summary>
/// <param name="Current">Its id.</param>
/// <param name="Former">The ids that it had before. Files that were written then still have them.</param>
internal sealed record StoreIdentity(StoreId Current, IReadOnlyList<StoreId> Former)
{
    /// <summary>Throws if a file was written for another store. One of format 1 does not say for which.</summary>
    /// <exception cref="DiskLogException">It was.</exception>
    public void Check(string path, in FileHeader header)
    {
        if (header.Store != default && header.Store != Current && !Former.Contains(header.Store))
            throw DiskLogException.Damaged(path, 0, $"it was written for store {header.Store}, and this directory has store {Current}: it was copied here from another directory");
    }
}
