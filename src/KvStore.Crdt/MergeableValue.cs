using System.Security.Cryptography;

namespace KvStore.Crdt;

/// <summary>Makes replicas of mergeable values: of a new value, or of one whose state another replica gave.</summary>
public static class MergeableValue
{
    /// <summary>Creates a value. Only one replica does; the others load its state.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type.</exception>
    public static CrdtReplica Create(CrdtType type, ReplicaId self) => Create(type, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), self);

    /// <summary>Makes a replica of a value from its state.</summary>
    /// <param name="state">What <see cref="CrdtReplica.Encode()"/> gave. Any bytes may be given.</param>
    /// <param name="self">A new id, or that of this replica if the state is the last one it saved.</param>
    /// <returns>The replica; null if the bytes are no full state, or that of a value that has dropped this id.</returns>
    public static CrdtReplica? TryLoad(ReadOnlySpan<byte> state, ReplicaId self)
    {
        var reader = new DeltaReader(state);
        if (DeltaHeader.TryRead(ref reader) is not { } header)
            return null;
        var replica = Create(header.Type, header.Lineage, self);
        return replica.Merge(state, DeltaSource.State) is MergeOutcome.Merged or MergeOutcome.Unchanged ? replica : null;
    }

    /// <summary>Which changes a delta ends with, for each replica that it names; its sender has them.</summary>
    /// <param name="delta">A delta or a state. Only its header is read.</param>
    /// <returns>The version; null if the bytes are no delta.</returns>
    public static VersionVector? TryReadVersion(ReadOnlySpan<byte> delta)
    {
        var reader = new DeltaReader(delta);
        return DeltaHeader.TryRead(ref reader) is { } header ? new(header.Epoch, header.Intervals.Select(interval => KeyValuePair.Create(interval.Replica, interval.To))) : null;
    }

    internal static CrdtReplica Create(CrdtType type, ulong lineage, ReplicaId self) => type switch
    {
        CrdtType.GCounter or CrdtType.PNCounter => new CounterReplica(type, lineage, self),
        CrdtType.GSet or CrdtType.ORSet => new SetReplica(type, lineage, self),
        CrdtType.Text => new TextReplica(lineage, self),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
