namespace KvStore.Client;

/// <summary>
/// A client of one KvStore service: one node, or replicas behind a load balancer. Thread-safe; create one and share it.
/// </summary>
/// <remarks>
/// A request without an answer is retried. Reads are always safe to repeat; each write carries an <c>Idempotency-Key</c>, so that the service
/// applies it once however often it arrives. A call that fails throws <see cref="KvStoreException"/>, whose
/// <see cref="KvStoreException.Outcome"/> says what became of a write. After a cancellation the outcome of a write is unknown.
/// </remarks>
public sealed partial class KvStoreClient : IKvStoreClient, IDisposable
{
    private readonly HttpClient _http;
    private readonly bool _ownsHttp;
    private readonly string _address;
    private readonly KvStoreClientOptions _options;

    // Not disposed: calls may still link to it.
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Creates a client with its own connections.</summary>
    /// <param name="address">The address of the service, such as <c>http://localhost:8080</c>.</param>
    /// <param name="options">Timeouts and retries; null for the defaults.</param>
    public KvStoreClient(Uri address, KvStoreClientOptions? options = null)
        : this(new HttpClient(NewHandler()) { Timeout = Timeout.InfiniteTimeSpan }, address, options) => _ownsHttp = true;

    /// <summary>Creates a client that uses an existing <see cref="HttpClient"/>, such as one of an <c>IHttpClientFactory</c>.</summary>
    /// <param name="http">
    /// Remains the caller's. Set its timeout to infinite, because this client has its own, and add no handler that retries: this client could not
    /// tell what became of a write.
    /// </param>
    /// <param name="address">The address of the service; null for the base address of <paramref name="http"/>.</param>
    /// <param name="options">Timeouts and retries; null for the defaults.</param>
    /// <exception cref="ArgumentException">The timeout of <paramref name="http"/> is shorter than that of an attempt.</exception>
    public KvStoreClient(HttpClient http, Uri? address = null, KvStoreClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        address ??= http.BaseAddress ?? throw new ArgumentException("Give the service's address, or a client that has one.", nameof(address));
        _http = http;
        _address = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _options = options ?? new KvStoreClientOptions();
        if (http.Timeout != Timeout.InfiniteTimeSpan && (http.Timeout < _options.AttemptTimeout || _options.AttemptTimeout == Timeout.InfiniteTimeSpan))
            throw new ArgumentException("The timeout of the HttpClient would end attempts before AttemptTimeout. Set it to Timeout.InfiniteTimeSpan.", nameof(http));
    }

    /// <summary>Ends all calls and watches with an <see cref="ObjectDisposedException"/>, and closes the connections if they are the client's own.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        if (_ownsHttp)
            _http.Dispose();
    }

    // Redirects are not followed, because .NET makes some writes reads on the way. An abandoned watch is closed, not read to its end.
    private static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ResponseDrainTimeout = TimeSpan.Zero,
    };

    internal Task<T> ReadAsync<T>(string target, KvReadOptions options, Func<Answer, T> read, CancellationToken cancellationToken, bool allowsAbsence = false) =>
        SendAsync(new Call(HttpMethod.Get, target) { StoreId = options.StoreId, CacheControl = options.Freshness?.ToHeader(), AllowsAbsence = allowsAbsence }, read, cancellationToken);

    internal Task<T> WriteAsync<T>(Call call, KvWriteOptions options, Func<Answer, T> read, CancellationToken cancellationToken) => SendAsync(
        call with
        {
            IsWrite = true,
            IsIdempotent = call.IsIdempotent || options.IsIdempotent,
            Conditions = options,
            StoreId = call.StoreId ?? options.IfRevision?.StoreId,
            IdempotencyKey = Arguments.IdempotencyKey(options.IdempotencyKey) ?? (_options.MakesWritesIdempotent && !options.IsIdempotent ? NewIdempotencyKey() : null),
        },
        read, cancellationToken);

    private static string NewIdempotencyKey() =>
#if NET9_0_OR_GREATER
        Guid.CreateVersion7().ToString("N");
#else
        Polyfills.NewGuidVersion7().ToString("N");
#endif
}
