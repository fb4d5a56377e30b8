namespace KvStore.Etcd;

/// <summary>A replica, as this one sees it. Immutable.</summary>
/// <param name="Record">What it last said.</param>
/// <param name="State">What it does.</param>
/// <param name="LastSeen">The time since it last said something, or since it was first seen here.</param>
/// <param name="Lag">How many revisions it was behind this one when it said that.</param>
internal sealed record Replica(ReplicaRecord Record, ReplicaState State, TimeSpan LastSeen, long Lag)
{
    /// <summary>The revision of etcd at which its record was written.</summary>
    public long ModRevision { get; init; }
}
