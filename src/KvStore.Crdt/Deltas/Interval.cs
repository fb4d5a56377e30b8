namespace KvStore.Crdt;

/// <summary>The changes of one replica that a delta brings: those after <see cref="From"/>, up to <see cref="To"/>.</summary>
internal readonly record struct Interval(ReplicaId Replica, ulong From, ulong To);
