namespace KvStore.Mergeable;

/// <summary>What mergeable values may take.</summary>
public sealed record MergeableOptions
{
    /// <summary>How long a replica may be silent before it is retired: what it did offline since is then refused. In whole days, rounded up. Default 30 days.</summary>
    public TimeSpan ReplicaRetention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The same in days.</summary>
    internal long RetentionDays => (long)Math.Ceiling(ReplicaRetention.TotalDays);

    /// <summary>The most bytes of an encoded value. Default 1 MiB.</summary>
    public int ValueBytesMax { get; init; } = 1 << 20;

    /// <summary>The least time between two collections of garbage of one value, each of which every replica has to follow. Default 1 hour.</summary>
    public TimeSpan CollectionInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a value that is not used stays decoded. Default 2 hours.</summary>
    public TimeSpan IdleMax { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Requests that wait for the commit of their key. Default 16,384. Beyond it a request is <see cref="NotAppliedReason.QueueFull"/>.</summary>
    public int WaitingMax { get; init; } = 16_384;

    /// <summary>Requests that one commit of a key may have. Default 512.</summary>
    public int BatchMax { get; init; } = 512;
}
