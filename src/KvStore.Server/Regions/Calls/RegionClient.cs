using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Serialization.Metadata;
using KvStore.Crdt;

namespace KvStore.Server;

/// <summary>Makes the calls of a region. What goes wrong is part of the answer. Thread-safe.</summary>
internal sealed class RegionClient : IDisposable
{
    /// <summary>The media type of what replicas of mergeable values exchange.</summary>
    private const string DeltaType = "application/vnd.kvstore.delta+json";

    // As in base64 in JSON, of the largest value that any store may have.
    private const int AnswerBytesMax = 64 << 20;
    private const int PageEntries = 1000;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    // Addresses of names change.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly RegionOptions _options;
    private readonly Store _store;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public RegionClient(RegionOptions options, Store store, TimeProvider time)
    {
        (_options, _store, _time) = (options, store, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            ActivityHeadersPropagator = null,
        })
        {
            BaseAddress = options.Address,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "kvstore");
        if (options.Key is { } key)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>A page of the entries below a prefix, after a key.</summary>
    public Task<RegionAnswer<WirePage>> ListAsync(string prefix, string after, CancellationToken cancellationToken) =>
        SendAsync(new(HttpMethod.Get, $"v1/kv?prefix={Uri.EscapeDataString(prefix)}&limit={PageEntries}{(after.Length == 0 ? "" : "&after=" + Uri.EscapeDataString(after))}"), RegionWire.Default.WirePage, cancellationToken);

    /// <summary>The full state of a value.</summary>
    public Task<RegionAnswer<WireValue>> GetStateAsync(Key key, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(key, null));
        request.Headers.TryAddWithoutValidation("Accept", DeltaType);
        return SendAsync(request, RegionWire.Default.WireValue, cancellationToken);
    }

    /// <summary>Sends what this store has of a value, and gets what it lacks.</summary>
    /// <param name="key">The key.</param>
    /// <param name="push">What this store has.</param>
    /// <param name="createAs">The type to create the value with; null if it must be there.</param>
    /// <param name="cancellationToken">Ends the call, which may have reached the region.</param>
    public Task<RegionAnswer<WireValue>> PushAsync(Key key, WirePush push, CrdtType? createAs, CancellationToken cancellationToken)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(push, RegionWire.Default.WirePush));
        content.Headers.TryAddWithoutValidation("Content-Type", DeltaType);
        return SendAsync(new(HttpMethod.Post, AddressOf(key, createAs)) { Content = content }, RegionWire.Default.WireValue, cancellationToken);
    }

    /// <summary>Watches a prefix.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="after">The position after which changes are wanted; null for now.</param>
    /// <param name="cancellationToken">Ends the connection, too.</param>
    /// <returns>The answer, whose body the caller disposes of.</returns>
    public async Task<RegionAnswer<RegionEvents>> WatchAsync(string prefix, string? after, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/watch?values=false&prefix={Uri.EscapeDataString(prefix)}{(after is null ? "" : "&after=" + after)}");
        HttpResponseMessage? response = null;
        try
        {
            using var limit = new CancellationTokenSource(_options.CallTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (!response.IsSuccessStatusCode)
                return Refused<RegionEvents>(response, await response.Content.ReadAsByteArrayAsync(either.Token));
            var answer = Answer<RegionEvents>(response, "");
            if (Unusable(answer) is { } problem)
                return problem;
            var events = new RegionEvents(response, await response.Content.ReadAsStreamAsync(cancellationToken), _time, cancellationToken);
            response = null;
            return answer with { Body = events };
        }
        catch (Exception exception) when (SentenceOf(exception, cancellationToken) is { } sentence)
        {
            return Failed<RegionEvents>(sentence);
        }
        finally
        {
            response?.Dispose();
        }
    }

    public void Dispose() => _http.Dispose();

    private static string AddressOf(Key key, CrdtType? createAs) => $"v1/crdt/{Uri.EscapeDataString(key.ToString())}{(createAs is { } type ? "?type=" + CrdtTypeText.Of(type) : "")}";

    private async Task<RegionAnswer<T>> SendAsync<T>(HttpRequestMessage message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using var request = message;
        try
        {
            using var limit = new CancellationTokenSource(_options.CallTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            using var response = await _http.SendAsync(request, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            if (!response.IsSuccessStatusCode)
                return Refused<T>(response, body);
            var answer = Answer<T>(response, "");
            return Unusable(answer) ?? answer with { Body = JsonSerializer.Deserialize(body, type) ?? throw new JsonException("It is null.") };
        }
        catch (Exception exception) when (SentenceOf(exception, cancellationToken) is { } sentence)
        {
            return Failed<T>(sentence);
        }
    }

    // A store would merge with itself for ever, and a copy has the same replica id for other changes.
    private RegionAnswer<T>? Unusable<T>(RegionAnswer<T> answer)
        where T : class =>
        answer.Region is null ? Failed<T>("The answer is not one of KvStore. Is the address right?")
        : answer.Region == _store.Id ? Failed<T>("The address leads to this store, or to a copy of it. A copy needs an id of its own: run new-store-id on its data.")
        : null;

    private static RegionAnswer<T> Refused<T>(HttpResponseMessage response, byte[] body)
        where T : class
    {
        WireProblem? problem = null;
        try
        {
            problem = JsonSerializer.Deserialize(body, RegionWire.Default.WireProblem);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // What answered is no KvStore. The status is what counts.
        }

        var name = problem?.Name ?? "";
        return Answer<T>(response, $"The region answered {(int)response.StatusCode}{(name.Length > 0 ? $" ({name}): {problem!.Detail}" : ".")}") with { Problem = name };
    }

    private static RegionAnswer<T> Answer<T>(HttpResponseMessage response, string sentence)
        where T : class
    {
        StoreId? region = response.Headers.TryGetValues(StoreIdHeader.Name, out var ids) && StoreId.TryParse(ids.First(), out var id) ? id : null;
        _ = WholeNumber.TryParse(response.Headers.TryGetValues("KvStore-Revision", out var revisions) ? revisions.First() : "0", out var revision);
        return new((int)response.StatusCode, null, "", sentence, region, revision, response.Headers.RetryAfter?.Delta);
    }

    private static RegionAnswer<T> Failed<T>(string sentence)
        where T : class => new(0, null, "", sentence, null, 0, null);

    private string? SentenceOf(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException when cancellationToken.IsCancellationRequested => null,
        OperationCanceledException => $"The region did not answer within {Duration.TextOf(_options.CallTimeout)}.",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "The name of the region could not be resolved.",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "The region could not be connected to.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "No secure connection to the region could be made.",
        HttpRequestException or IOException or SocketException => "The connection to the region ended before the answer did.",
        JsonException or InvalidOperationException or NotSupportedException => "The region's answer is not what this version understands.",
        _ => null,
    };
}
