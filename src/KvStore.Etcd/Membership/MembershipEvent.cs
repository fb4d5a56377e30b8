namespace KvStore.Etcd;

/// <summary>What an operator should know of the replicas.</summary>
internal abstract record MembershipEvent
{
    /// <summary>Another replica has been silent for too long.</summary>
    public sealed record ReplicaFailed(ReplicaRecord Replica) : MembershipEvent;

    /// <summary>One that had failed is heard again.</summary>
    public sealed record ReplicaReturned(ReplicaRecord Replica) : MembershipEvent;

    /// <summary>The own clock differs from the middle one, by this much: positive if it is ahead.</summary>
    public sealed record ClockIsOff(TimeSpan Error) : MembershipEvent;
}
