namespace KvStore.Client;

/// <summary>
/// Where one <see cref="KvMergeableReplica"/> is kept between processes: bytes that are replaced as a whole. The replica calls it from one thread at a time, and saves before it sends: what is
/// lost after <see cref="SaveAsync"/> has returned may be lost for good. At most one process may use a storage at a time.
/// </summary>
public interface IKvReplicaStorage
{
    /// <summary>
    /// Names this place, such as the machine and the path. Bytes that were saved at another place are a copy, which may be used there as well: the replica then takes a new id, because two with one id would
    /// lose changes.
    /// </summary>
    string Place { get; }

    /// <summary>Reads what was saved.</summary>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The bytes; null if nothing was saved yet.</returns>
    ValueTask<byte[]?> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Replaces what was saved. When it returns, the bytes survive the end of the process, and of the machine if they are to; when it fails, they are the old or the new ones.</summary>
    /// <param name="bytes">The bytes, valid until it returns.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    ValueTask SaveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}
