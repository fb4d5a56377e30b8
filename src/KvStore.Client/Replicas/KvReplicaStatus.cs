namespace KvStore.Client;

/// <summary>How a <see cref="KvMergeableReplica"/> stands to the service. It can be changed in every state.</summary>
public enum KvReplicaStatus
{
    /// <summary>It is not connected, and tries to be.</summary>
    Offline,

    /// <summary>It is connected: changes of others arrive, and its own are sent at once.</summary>
    Live,

    /// <summary>The service has no value under the key any more. <see cref="KvMergeableReplica.RestartAsync"/> makes one.</summary>
    Deleted,

    /// <summary>The key has another value: it was deleted and made again, or has another type. It is never merged; <see cref="KvMergeableReplica.RestartAsync"/> takes it.</summary>
    Replaced,

    /// <summary>The service refuses this replica, or what it did cannot be saved; see <see cref="KvMergeableReplica.Failure"/>. It tries again after a while.</summary>
    Failed,
}

/// <summary>A replica cannot be synchronized, because its value was deleted or replaced.</summary>
public sealed class KvReplicaException : Exception
{
    internal KvReplicaException(KvReplicaStatus status, string key)
        : base(status == KvReplicaStatus.Deleted
            ? $"The value {key} was deleted from the service. The replica still has it; RestartAsync makes it again."
            : $"The service has another value under {key}: it was deleted and made again. The replica still has the old one; RestartAsync takes the new one.") => Status = status;

    /// <summary><see cref="KvReplicaStatus.Deleted"/> or <see cref="KvReplicaStatus.Replaced"/>.</summary>
    public KvReplicaStatus Status { get; }
}

/// <summary>Where a <see cref="KvMergeableReplica"/> is kept, and what it may take. Immutable.</summary>
public sealed record KvReplicaOptions
{
    /// <summary>Where it is kept between processes, such as a <see cref="KvReplicaFile"/>; null to keep it in memory only. It remains the caller's.</summary>
    public IKvReplicaStorage? Storage { get; init; }

    /// <summary>
    /// Whether it may begin without the service if nothing was saved. What was done then is repeated on the value of the service, which may be there already: text that every client begins with would be there
    /// twice. Default false: opening fails if the service cannot be reached.
    /// </summary>
    public bool CreatesOffline { get; init; }

    /// <summary>The most memory that it may take, about, in bytes; a change beyond it is an <see cref="InvalidOperationException"/>. What arrives from the service is not refused. Default 64 MiB.</summary>
    public long MemoryBytesMax { get; init; } = 64 << 20;
}
