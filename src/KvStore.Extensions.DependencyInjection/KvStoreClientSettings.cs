namespace KvStore.Extensions.DependencyInjection;

/// <summary>
/// The settings of a registered client, from code or from a section of the configuration. They are validated when the host starts, all of them at once. The defaults are those of
/// <see cref="KvStoreClientOptions"/>, which explains each.
/// </summary>
public sealed class KvStoreClientSettings
{
    private static readonly KvStoreClientOptions Defaults = new();

    /// <summary>The address of the service, such as <c>http://localhost:8080</c>. Required.</summary>
    public Uri? Address { get; set; }

    /// <summary>The key of a service that has keys; null for none. Keep it out of files that are committed.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The time limit of a call with all its attempts. Default 100 s.</summary>
    public TimeSpan Timeout { get; set; } = Defaults.Timeout;

    /// <summary>The time limit of one attempt. Default 30 s.</summary>
    public TimeSpan AttemptTimeout { get; set; } = Defaults.AttemptTimeout;

    /// <summary>The number of retries. Default 5.</summary>
    public int RetriesMax { get; set; } = Defaults.RetriesMax;

    /// <summary>The delay before the first retry; it doubles with each further one. Default 100 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = Defaults.RetryDelay;

    /// <summary>The longest delay before a retry. Default 5 s.</summary>
    public TimeSpan RetryDelayMax { get; set; } = Defaults.RetryDelayMax;

    /// <summary>Whether every write carries an idempotency key. Default true.</summary>
    public bool MakesWritesIdempotent { get; set; } = Defaults.MakesWritesIdempotent;

    /// <summary>The longest silence of a watch before it reconnects. Default 30 s.</summary>
    public TimeSpan WatchSilenceMax { get; set; } = Defaults.WatchSilenceMax;

    /// <summary>The largest answer, in bytes. Default 256 MiB.</summary>
    public int ResponseBytesMax { get; set; } = Defaults.ResponseBytesMax;

    internal KvStoreClientOptions ToOptions() => new()
    {
        ApiKey = ApiKey,
        Timeout = Timeout,
        AttemptTimeout = AttemptTimeout,
        RetriesMax = RetriesMax,
        RetryDelay = RetryDelay,
        RetryDelayMax = RetryDelayMax,
        MakesWritesIdempotent = MakesWritesIdempotent,
        WatchSilenceMax = WatchSilenceMax,
        ResponseBytesMax = ResponseBytesMax,
    };
}
