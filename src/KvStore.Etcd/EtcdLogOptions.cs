namespace KvStore.Etcd;

/// <summary>The limits of an <see cref="EtcdCommitLog"/>.</summary>
public sealed record EtcdLogOptions
{
    /// <summary>What all keys in etcd start with. Stores with different prefixes share an etcd cluster and nothing else. Default <c>kvstore/</c>.</summary>
    public string Prefix { get; init; } = "kvstore/";

    /// <summary>The time after which a batch that etcd has not answered for is reported as it stands: not applied, or unknown. Default 5 seconds.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time after which a watch that does not deliver what etcd has committed is opened again. Default 1 second.</summary>
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the state is compared with etcd when no request does. Default 1 second.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most bytes of one value in etcd. Must be below etcd's <c>--max-request-bytes</c>, which is 1.5 MiB by default. Default 1 MiB.</summary>
    public int PartBytesMax { get; init; } = 1 << 20;

    /// <summary>A checkpoint is written when the records since the last one have this many bytes and as many as the state. At most a sixteenth of <see cref="DatabaseBytesMax"/>, in which the records of several intervals must have a place. Default 64 MiB.</summary>
    public long CheckpointLogBytesMin { get; init; } = 64 << 20;

    /// <summary>What of etcd's database may be in use, with a checkpoint that is to be written, before growth is refused; it is refused too if the file is larger than this by a fourteenth. Default 1.75 GiB, below etcd's default quota of 2 GiB.</summary>
    public long DatabaseBytesMax { get; init; } = 1792L << 20;

    /// <summary>Whether etcd is asked to compact its history, every five minutes and after each checkpoint. Otherwise etcd must do it by itself (<c>--auto-compaction-retention</c>). Default true.</summary>
    public bool Compacts { get; init; } = true;

    /// <summary>The place of this replica among those that are ready; 0 does first what one of them has to do. Default always 0.</summary>
    public Func<int> Rank { get; init; } = static () => 0;

    /// <summary>How many replicas serve, this one included. A checkpoint counts if more than half of them have come to the same state. Default always 1.</summary>
    public Func<int> Serving { get; init; } = static () => 1;
}
