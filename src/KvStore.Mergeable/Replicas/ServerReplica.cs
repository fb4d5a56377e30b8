using System.Buffers.Binary;
using System.Security.Cryptography;

namespace KvStore.Mergeable;

/// <summary>
/// Under which id a store changes a value: never under one whose changes may have been lost, and never under one for two entries with the same lineage. Revisions
/// jump by at least 2^24 when commits may have been lost, and each entry has a creation of its own. The processes of a cluster share the id: the guard of each
/// commit on the revision of the entry makes theirs one history.
/// </summary>
internal static class ServerReplica
{
    // How far back ids are looked for. Older ones are retired as others that are silent.
    private const long FormerMax = 256;
    private const int JumpBits = 24;

    public static ReplicaId IdOf(StoreId store, long revision, ulong creation) => IdOfPeriod(store, revision >> JumpBits, creation);

    /// <summary>The ids that the store had before.</summary>
    public static HashSet<ReplicaId> FormerIds(StoreId store, long revision, ulong creation)
    {
        var period = revision >> JumpBits;
        HashSet<ReplicaId> former = [];
        for (var before = period - 1; before >= Math.Max(0, period - FormerMax); before--)
            former.Add(IdOfPeriod(store, before, creation));
        return former;
    }

    private static ReplicaId IdOfPeriod(StoreId store, long period, ulong creation)
    {
        Span<byte> source = stackalloc byte[3 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(source, store.Value);
        BinaryPrimitives.WriteInt64LittleEndian(source[sizeof(ulong)..], period);
        BinaryPrimitives.WriteUInt64LittleEndian(source[(2 * sizeof(ulong))..], creation);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(source, hash);
        return new ReplicaId(BinaryPrimitives.ReadUInt64LittleEndian(hash));
    }
}
