namespace KvStore.Crdt;

/// <summary>Names one change: the replica that made it, and its place among that replica's changes, from 1.</summary>
internal readonly record struct Dot(ReplicaId Replica, ulong Sequence)
{
    /// <summary>The highest sequence, which a double holds exactly, as other languages need.</summary>
    public const ulong SequenceMax = (1UL << 53) - 1;
}
