namespace KvStore.Client;

/// <summary>How a <see cref="KvStoreClient"/> behaves when an answer does not come.</summary>
public sealed record KvStoreClientOptions
{
    /// <summary>How long one attempt may take, from sending to the answer's headers. Default 30 seconds.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is sent again when its answer was lost or says that trying again helps. Default 5. A watch tries for ever.</summary>
    public int RetriesMax { get; init; } = 5;

    /// <summary>How long to wait before the first retry; each further wait is twice as long, and up to half of each is left to chance. Default 100 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait before a retry, whatever the service asks for. Default 5 seconds.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether every write carries an <c>Idempotency-Key</c>, so that it can be sent again after any lost answer. Default true. Without
    /// it a write is sent again only when the service says that it was not applied.
    /// </summary>
    public bool MakesWritesIdempotent { get; init; } = true;

    /// <summary>The longest silence of a watch. Default 30 seconds, three times the service's own interval; then the client connects again.</summary>
    public TimeSpan WatchSilenceMax { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan DelayBefore(int retry, TimeSpan? asked)
    {
        var backoff = RetryDelay * Math.Pow(2, Math.Min(retry, 20)) * (1 - (Random.Shared.NextDouble() / 2));
        var delay = asked is { } wanted && wanted > backoff ? wanted : backoff;
        return delay < RetryDelayMax ? delay : RetryDelayMax;
    }
}
