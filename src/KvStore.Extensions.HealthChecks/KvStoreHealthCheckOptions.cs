namespace KvStore.Extensions.HealthChecks;

/// <summary>What a health check does.</summary>
public sealed class KvStoreHealthCheckOptions
{
    /// <summary>The key that is read, and written if <see cref="Writes"/> is set. It need not exist. Default <c>health-check</c>.</summary>
    public string Key { get; set; } = "health-check";

    /// <summary>Whether a check also writes the key, with a lifetime of a minute: reads continue where writes do not, such as with a full disk. Default false.</summary>
    public bool Writes { get; set; }

    /// <summary>A check that takes longer is degraded. Default 1 s.</summary>
    public TimeSpan DegradedAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A check that takes longer has failed, whatever the client would try yet. Default 5 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The name of the client, if it is a keyed service; null for the one without a name.</summary>
    public string? ClientName { get; set; }
}
