namespace KvStore.Etcd;

/// <summary>Something that an operator may want to know of an <see cref="EtcdCommitLog"/>.</summary>
/// <param name="Kind">What.</param>
/// <param name="Message">The same for an operator, in one sentence or two.</param>
public sealed record EtcdLogEvent(EtcdLogEventKind Kind, string Message);

/// <summary>What happened to an <see cref="EtcdCommitLog"/>.</summary>
public enum EtcdLogEventKind
{
    /// <summary>The state is loaded and follows etcd.</summary>
    Loaded,

    /// <summary>etcd cannot be reached, or does not answer. Reported once, until it is back.</summary>
    Lost,

    /// <summary>etcd answers again.</summary>
    Found,

    /// <summary>Records were listed instead of watched, because the watch had lost some or was too old.</summary>
    Listed,

    /// <summary>A checkpoint was written.</summary>
    CheckpointWritten,

    /// <summary>A checkpoint could not be written; another try follows.</summary>
    CheckpointFailed,

    /// <summary>A checkpoint does not have the entries that were written, and another one is loaded in its place.</summary>
    CheckpointDamaged,

    /// <summary>The state differed from that of other replicas, and is loaded again.</summary>
    Diverged,
}
