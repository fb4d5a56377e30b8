namespace KvStore.Crdt;

/// <summary>The changes of one replica that a delta brings: those after <see cref="From"/>, up to <see cref="To"/>.</summary>
internal readonly record struct Interval(ReplicaId Replica, ulong From, ulong To);

/// <summary>A replica that a collection dropped, after its change <see cref="Final"/>, in that epoch.</summary>
internal readonly record struct DroppedReplica(ReplicaId Replica, ulong Final, ulong Epoch);
