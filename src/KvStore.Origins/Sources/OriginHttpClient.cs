using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace KvStore.Origins;

/// <summary>Makes single calls of an HTTP origin. Thread-safe.</summary>
/// <remarks>
/// Redirects are not followed: the address is a setting, each redirect would be a call without a token, and headers with credentials would go where the origin says.
/// Cookies are not kept. A body is decompressed as it is read, and no more of it is read than may be stored, so a small one that becomes large takes no more memory
/// than others.
/// </remarks>
internal sealed class OriginHttpClient : IDisposable
{
    // Well below the usual default of 10 seconds for a load, so that there is time for another try.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    // Addresses of names change.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private const int FirstBufferBytes = 16 << 10;

    private readonly OriginHttpOptions _options;
    private readonly OriginJournal? _journal;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _invoker;

    public OriginHttpClient(OriginOptions options, OriginHttpOptions http, OriginJournal? journal, TimeProvider time)
    {
        (_options, _journal, _time) = (http, journal, time);
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            MaxConnectionsPerServer = options.Workers.Max,
            ActivityHeadersPropagator = null,
        });
    }

    /// <summary>Asks for a resource. What goes wrong is part of the answer.</summary>
    /// <param name="url">The address.</param>
    /// <param name="etag">For <c>If-None-Match</c>; null for none.</param>
    /// <param name="bytesMax">The most bytes of the body, decompressed.</param>
    /// <param name="cancellationToken">Ends the call, also while the body arrives.</param>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public async Task<HttpAnswer> GetAsync(Uri url, string? etag, int bytesMax, CancellationToken cancellationToken)
    {
        using var request = NewRequest(HttpMethod.Get, url);
        if (etag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
        return await SendAsync(request, null, bytesMax, cancellationToken);
    }

    /// <summary>Changes a resource. What goes wrong is part of the answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="url">The address.</param>
    /// <param name="write">What to write.</param>
    /// <param name="bytesMax">The most bytes of the body of the answer.</param>
    /// <param name="cancellationToken">Ends the call, which may have reached the origin.</param>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public async Task<HttpAnswer> WriteAsync(HttpMethod method, Uri url, OriginWrite write, int bytesMax, CancellationToken cancellationToken)
    {
        using var request = NewRequest(method, url);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", write.IdempotencyKey);
        request.Headers.TryAddWithoutValidation("KvStore-Revision", write.Revision.ToString(CultureInfo.InvariantCulture));

        // A deletion has an empty body, too. Without one the connection pool would send it again by itself when a connection ends, and if there is no
        // connection then, it would seem that the origin has never got it.
        request.Content = new ReadOnlyMemoryContent(write.Value ?? default);
        if (write is { Value: not null, ContentType.Length: > 0 })
            request.Content.Headers.TryAddWithoutValidation("Content-Type", write.ContentType);
        return await SendAsync(request, write.Value, bytesMax, cancellationToken);
    }

    public void Dispose() => _invoker.Dispose();

    private HttpRequestMessage NewRequest(HttpMethod method, Uri url)
    {
        var request = new HttpRequestMessage(method, url) { VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher };
        request.Headers.TryAddWithoutValidation("User-Agent", "kvstore");
        foreach (var (name, value) in _options.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private async Task<HttpAnswer> SendAsync(HttpRequestMessage request, ReadOnlyMemory<byte>? body, int bytesMax, CancellationToken cancellationToken)
    {
        var askedAt = _time.GetUtcNow();
        HttpAnswer? answer = null;
        try
        {
            answer = await SendAsync(request, bytesMax, askedAt, cancellationToken);
            return answer;
        }
        finally
        {
            _journal?.TryWrite(CallOf(request, body, answer, askedAt));
        }
    }

    // A copy, because headers must not be read by two threads.
    private OriginCall CallOf(HttpRequestMessage request, ReadOnlyMemory<byte>? body, HttpAnswer? answer, DateTimeOffset askedAt) => new()
    {
        At = askedAt,
        Elapsed = _time.GetUtcNow() - askedAt,
        Method = request.Method.Method,
        Url = request.RequestUri!,
        RequestHeaders = request.Content is { } content ? [.. Copy(request.Headers), .. Copy(content.Headers)] : Copy(request.Headers),
        RequestBody = body,
        Status = answer?.Status ?? 0,
        Headers = answer?.Headers is { } headers ? [.. Copy(headers.Response), .. Copy(headers.Content)] : [],
        Body = answer?.Body ?? default,
        Failure = answer is null ? "The call was given up." : answer.Failure?.Detail,
    };

    private static KeyValuePair<string, string>[] Copy(HttpHeaders headers) =>
        [.. headers.NonValidated.SelectMany(header => header.Value, (header, value) => KeyValuePair.Create(header.Key, value))];

    private async Task<HttpAnswer> SendAsync(HttpRequestMessage request, int bytesMax, DateTimeOffset askedAt, CancellationToken cancellationToken)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await _invoker.SendAsync(request, cancellationToken);
            var answer = new HttpAnswer((int)response.StatusCode, (response.Headers, response.Content.Headers), default, askedAt, _time.GetUtcNow(), null);
            return await ReadAsync(response.Content, bytesMax, cancellationToken) is { } body
                ? answer with { Body = body }
                : answer with { Failure = new(LoadFailure.BadAnswer, null, $"The origin answered with a body of more than {bytesMax} bytes.") };
        }
        catch (Exception exception) when (FailureOf(exception, cancellationToken) is { } failure)
        {
            return new HttpAnswer((int)(response?.StatusCode ?? 0), response is null ? null : (response.Headers, response.Content.Headers), default, askedAt, _time.GetUtcNow(), failure);
        }
        finally
        {
            response?.Dispose();
        }
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, int bytesMax, CancellationToken cancellationToken)
    {
        var announced = content.Headers.ContentLength ?? FirstBufferBytes;
        if (announced > bytesMax && content.Headers.ContentLength is not null)
            return null;
        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[Math.Min(announced, bytesMax) + 1];
        var count = 0;
        while (await body.ReadAsync(buffer.AsMemory(count), cancellationToken) is > 0 and var read)
        {
            count += read;
            if (count > bytesMax)
                return null;
            if (count == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, bytesMax + 1L));
        }

        return buffer.AsMemory(0, count).ToArray();
    }

    private static LoadResult.Failed? FailureOf(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException when cancellationToken.IsCancellationRequested => null,
        OperationCanceledException => Unreachable($"The origin could not be connected to within {ConnectTimeout.TotalSeconds} s."),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => Unreachable("The name of the origin could not be resolved."),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => Unreachable("The origin could not be connected to."),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => Unreachable("No secure connection to the origin could be made."),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
            new(LoadFailure.BadAnswer, null, "The origin's answer is not valid HTTP, or its headers are too large."),
        InvalidDataException => new(LoadFailure.BadAnswer, null, "The origin's answer could not be decompressed."),
        HttpRequestException or IOException or SocketException => new(LoadFailure.BadAnswer, null, "The connection to the origin ended before the answer did.") { IsTransient = true },
        _ => null,
    };

    private static LoadResult.Failed Unreachable(string detail) => new(LoadFailure.Unreachable, null, detail) { IsTransient = true };
}
