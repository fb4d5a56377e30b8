namespace KvStore.Extensions.Caching;

/// <summary>How the cache uses the store.</summary>
public sealed class KvStoreCacheOptions
{
    /// <summary>What the keys of the cache begin with in the store; not empty, so that the cache shares a store with other data. Default <c>cache/</c>.</summary>
    public string KeyPrefix { get; set; } = "cache/";

    /// <summary>The name of the client, if it is a keyed service; null for the one without a name.</summary>
    public string? ClientName { get; set; }

    /// <summary>The lifetime of entries that are set without an expiration; null for no end, as Microsoft's implementations have it. Default null.</summary>
    public TimeSpan? DefaultLifetime { get; set; }

    /// <summary>
    /// How much longer than its sliding expiration an unused entry may stay, as a part of it; 0 to 1. A read then renews the entry only after this part of the time, and most reads
    /// write nothing. 0 renews with every read. Default 0.1.
    /// </summary>
    public double SlidingSlack { get; set; } = 0.1;
}
