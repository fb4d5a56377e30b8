using System.Net;
using System.Net.Http.Headers;

namespace KvStore.Client;

/// <summary>
/// A client of one KvStore service: one node, or replicas behind a load balancer. Thread-safe; create one and share it.
/// </summary>
/// <remarks>
/// A request without a response is retried. Reads are always safe to repeat; each write carries an <c>Idempotency-Key</c>, so that
/// the service applies it once however often it arrives. After the last retry, <see cref="KvStoreException"/> is an error response
/// of the service; <see cref="HttpRequestException"/> and <see cref="TimeoutException"/> mean that the outcome of a write is unknown.
/// </remarks>
public sealed partial class KvStoreClient : IDisposable
{
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpClient _http;
    private readonly bool _ownsHttp;
    private readonly string _address;
    private readonly KvStoreClientOptions _options;

    /// <summary>Creates a client with its own connections.</summary>
    /// <param name="address">The address of the service, such as <c>http://localhost:8080</c>.</param>
    /// <param name="options">Timeouts and retries; null for the defaults.</param>
    public KvStoreClient(Uri address, KvStoreClientOptions? options = null)
        : this(new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }), address, options) => _ownsHttp = true;

    /// <summary>Creates a client that uses an existing <see cref="HttpClient"/>, such as one of an <c>IHttpClientFactory</c>.</summary>
    /// <param name="http">Remains the caller's. Set its timeout to infinite: watches are long-lived, and this client has its own timeouts.</param>
    /// <param name="address">The address of the service; null for the base address of <paramref name="http"/>.</param>
    /// <param name="options">Timeouts and retries; null for the defaults.</param>
    public KvStoreClient(HttpClient http, Uri? address = null, KvStoreClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        address ??= http.BaseAddress ?? throw new ArgumentException("Give the service's address, or a client that has one.", nameof(address));
        _http = http;
        _address = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _options = options ?? new KvStoreClientOptions();
    }

    /// <summary>Closes the connections if they are the client's own.</summary>
    public void Dispose()
    {
        if (_ownsHttp)
            _http.Dispose();
    }

    private HttpRequestMessage Request(HttpMethod method, string target) => new(method, new Uri(_address + target, in AsWritten));

    private Task<HttpResponseMessage> ReadAsync(string target, CancellationToken cancellationToken) =>
        SendAsync(() => Request(HttpMethod.Get, target), isSafe: true, _options.RetriesMax, cancellationToken);

    private Task<HttpResponseMessage> WriteAsync(HttpMethod method, string target, Func<HttpContent>? content, KvWriteOptions options, CancellationToken cancellationToken)
    {
        var idempotencyKey = options.IdempotencyKey ?? (_options.MakesWritesIdempotent ? Guid.CreateVersion7().ToString("N") : null);
        return SendAsync(Make, isSafe: idempotencyKey is not null, _options.RetriesMax, cancellationToken);

        // An HttpRequestMessage can be sent only once.
        HttpRequestMessage Make()
        {
            var request = Request(method, target);
            request.Content = content?.Invoke();
            options.AddConditionsTo(request);
            if (idempotencyKey is not null)
                request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
            return request;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, bool isSafe, int retriesMax, CancellationToken cancellationToken)
    {
        for (var retry = 0; ; retry++)
        {
            TimeSpan? asked;
            try
            {
                var response = await SendOnceAsync(make(), cancellationToken).ConfigureAwait(false);
                if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound)
                    return response;
                using (response)
                {
                    var failure = await KvStoreException.ReadAsync(response, cancellationToken).ConfigureAwait(false);
                    if (retry >= retriesMax || !MayHelp(response.StatusCode) || !(isSafe || failure.IsNotApplied))
                        throw failure;
                    asked = response.Headers.RetryAfter?.Delta;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TimeoutException && isSafe && retry < retriesMax)
            {
                asked = null;
            }

            await Task.Delay(_options.DelayBefore(retry, asked), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var message = request;
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        attempt.CancelAfter(_options.AttemptTimeout);
        try
        {
            return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, attempt.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The service did not answer within {_options.AttemptTimeout.TotalSeconds} seconds.");
        }
    }

    private static bool MayHelp(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static long RevisionOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("KvStore-Revision", out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? revision
            : throw new HttpRequestException("The answer has no revision; this is not a KvStore service, or a proxy removed the header KvStore-Revision.");

    private static ReadOnlyMemoryContent Bytes(ReadOnlyMemory<byte> value, string contentType) =>
        new ReadOnlyMemoryContent(value) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
}
