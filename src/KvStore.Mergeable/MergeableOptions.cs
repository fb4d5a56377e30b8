namespace KvStore.Mergeable;

/// <summary>What mergeable values may take.</summary>
public sealed record MergeableOptions
{
    /// <summary>How long a replica may be silent before it is retired: what it did offline since is then refused. Default 30 days.</summary>
    public TimeSpan ReplicaRetention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The most bytes of an encoded value. Default 1 MiB.</summary>
    public int ValueBytesMax { get; init; } = 1 << 20;
}
