namespace KvStore.Crdt;

/// <summary>Names one change: the replica that made it, and its place among that replica's changes, from 1.</summary>
internal readonly record struct Dot(ReplicaId Replica, ulong Sequence)
{
    /// <summary>The highest sequence, which a double holds exactly, as other languages need.</summary>
    public const ulong SequenceMax = (1UL << 53) - 1;

    /// <summary>With a random seed, because others choose the names. By halves, because the hash code of a long number has no seed.</summary>
    public override int GetHashCode() => HashCode.Combine((uint)Replica.Value, (uint)(Replica.Value >> 32), (uint)Sequence, (uint)(Sequence >> 32));
}
