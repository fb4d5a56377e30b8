namespace KvStore.Client;

/// <summary>The key, timeouts and retries of a <see cref="KvStoreClient"/>. Immutable.</summary>
public sealed record KvStoreClientOptions
{
    private readonly string? _apiKey;

    /// <summary>
    /// The key that every request carries as <c>Authorization: Bearer</c>, for a service that has keys; null for none. It goes to the address of the
    /// client only, because redirects are not followed. Use https beyond this machine. Not in <see cref="ToString"/>.
    /// </summary>
    /// <exception cref="ArgumentException">A header cannot carry it: it is empty, or has other characters than printable ASCII without spaces.</exception>
    public string? ApiKey
    {
        get => _apiKey;
        init => _apiKey = value is null || (value.Length > 0 && !value.AsSpan().ContainsAnyExceptInRange('!', '~'))
            ? value
            : throw new ArgumentException("The key must be printable ASCII characters without spaces. Is there a line break at its end?", nameof(value));
    }

    /// <summary>
    /// The time limit of a call with all its attempts and delays, to the last byte of the answer; of each page of a listing, and of the start of
    /// a watch. Default 100 s.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>The time limit of one attempt, to the last byte of the answer; of a watch, to its headers. Default 30 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The number of retries after a missing or incomplete answer, or one that invites a retry (408, 429, 502, 503, 504). Default 5. Only 2 while
    /// nothing listens at the address and it has never answered this client. A watch that has begun reconnects forever.
    /// </summary>
    public int RetriesMax { get; init; } = 5;

    /// <summary>The delay before the first retry; it doubles with each further one, and up to half of it is random. Default 100 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay before a retry, even if the service asks for more. Default 5 s.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether every write carries an <c>Idempotency-Key</c>, so that it can be repeated when its outcome is unknown. Default true.
    /// Otherwise a write is repeated only if the service says that it was not applied.
    /// </summary>
    public bool MakesWritesIdempotent { get; init; } = true;

    /// <summary>The longest silence of a watch before it reconnects. Default 30 s, three times the service's heartbeat interval.</summary>
    public TimeSpan WatchSilenceMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The largest answer, and the largest event of a watch, in bytes; a larger one is a <see cref="KvStoreException"/>. Default 256 MiB.</summary>
    public int ResponseBytesMax { get; init; } = 256 << 20;

    /// <summary>Every option but the key.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{nameof(KvStoreClientOptions)} {{ Timeout = {Timeout}, AttemptTimeout = {AttemptTimeout}, RetriesMax = {RetriesMax}, RetryDelay = {RetryDelay}, RetryDelayMax = {RetryDelayMax}, MakesWritesIdempotent = {MakesWritesIdempotent}, WatchSilenceMax = {WatchSilenceMax}, ResponseBytesMax = {ResponseBytesMax}, ApiKey = {(ApiKey is null ? "none" : "given")} }}");

    internal TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal TimeSpan DelayBefore(int retry, TimeSpan? asked)
    {
        var backoff = RetryDelay * Math.Pow(2, Math.Min(retry, 20)) * (1 - (Random.Shared.NextDouble() / 2));
        var delay = asked is { } wanted && wanted > backoff ? wanted : backoff;
        return delay < RetryDelayMax ? delay : RetryDelayMax;
    }
}
