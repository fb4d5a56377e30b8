using System.Net.Http.Headers;
using System.Text;

namespace KvStore.Origins;

/// <summary>An origin that is an HTTP service: a GET for each key, or for many if the settings have a batch; a PUT or a DELETE for each write. Thread-safe.</summary>
/// <remarks>
/// With a batch every call is one, also for a single key, so that a key has the same value however it was loaded: the item as it is in the answer, which is JSON. A
/// batch is not conditional, and all its items have the freshness of the answer; a key without an item is absent.
/// </remarks>
internal sealed class HttpOriginSource : IOriginSource, IOriginSink
{
    // The most bytes of the answer to a batch, whatever its keys may have.
    private const int BatchBytesMax = 64 << 20;

    private const int ETagLengthMax = 512;

    // What is read of the answer to a write, for the journal and to quote it. The status is what counts.
    private const int WriteAnswerBytesMax = 64 << 10;

    private readonly int _valueBytesMax;
    private readonly UrlTemplate _url;
    private readonly UrlTemplate? _batchUrl;
    private readonly BatchItems? _items;
    private readonly (HttpMethod Method, UrlTemplate Url) _store;
    private readonly (HttpMethod Method, UrlTemplate Url) _delete;
    private readonly OriginHttpClient _client;

    /// <param name="options">The settings, which have been validated.</param>
    /// <param name="valueBytesMax">The most bytes of a value. An answer with more fails.</param>
    /// <param name="journal">Where calls are logged; null for nowhere. Not disposed of.</param>
    /// <param name="time">The clock.</param>
    public HttpOriginSource(OriginOptions options, int valueBytesMax, OriginJournal? journal, TimeProvider time)
    {
        _valueBytesMax = valueBytesMax;
        var http = options.Http ?? throw new ArgumentException("The origin is no HTTP service.", nameof(options));
        _url = new UrlTemplate(http.Url, options.Prefix);
        _store = CallOf(http.Store);
        _delete = CallOf(http.Delete);
        _client = new OriginHttpClient(options, http, journal, time);
        if (http.Batch is not { } batch)
            return;
        KeysMax = batch.KeysMax;
        _batchUrl = new UrlTemplate(batch.Url, options.Prefix);
        _items = new BatchItems(batch.Items, batch.ItemKey);

        (HttpMethod, UrlTemplate) CallOf(OriginHttpWriteOptions call) => (new HttpMethod(call.Method), call.Url is { } url ? new UrlTemplate(url, options.Prefix) : _url);
    }

    /// <inheritdoc/>
    public int KeysMax { get; } = 1;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LoadResult>> LoadAsync(IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken) =>
        _batchUrl is null ? [await LoadAsync(requests[0], cancellationToken)] : await LoadBatchAsync(_batchUrl, _items!, requests, cancellationToken);

    /// <inheritdoc/>
    public async Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken)
    {
        var (method, template) = write.Value is null ? _delete : _store;
        if (template.Of([write.Key]) is not { } url)
            return new WriteResult.Refused(Unnamed.Detail);
        var answer = await _client.WriteAsync(method, url, write, WriteAnswerBytesMax, cancellationToken);
        return answer.ToWriteResult(write.Value is null);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<LoadResult> LoadAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        if (_url.Of([request.Key]) is not { } url)
            return Unnamed;
        var answer = await _client.GetAsync(url, request.ETag, _valueBytesMax, cancellationToken);
        return answer.ToResult(request.ETag is not null)
            ?? new LoadResult.Found(answer.Body, ContentTypeOf(answer), ETagOf(answer), answer.Freshness);
    }

    private async Task<IReadOnlyList<LoadResult>> LoadBatchAsync(UrlTemplate template, BatchItems items, IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken)
    {
        var results = new LoadResult?[requests.Count];
        for (var i = 0; i < results.Length; i++)
            results[i] = template.Of([requests[i].Key]) is null ? Unnamed : null;
        Key[] keys = [.. requests.Where((_, index) => results[index] is null).Select(request => request.Key)];
        if (keys.Length > 0)
        {
            var answer = await _client.GetAsync(template.Of(keys)!, null, (int)Math.Min((long)_valueBytesMax * keys.Length, BatchBytesMax), cancellationToken);
            var failure = answer.ToResult(hasETag: false);
            var found = failure is null ? items.TryRead(answer.Body, out failure) : [];
            for (var i = 0; i < results.Length; i++)
                results[i] ??= failure ?? ResultOf(template.NameOf(requests[i].Key), found, answer.Freshness);
        }

        return results!;
    }

    private LoadResult ResultOf(string name, Dictionary<string, ReadOnlyMemory<byte>> found, OriginFreshness freshness)
    {
        if (!found.TryGetValue(name, out var item))
            return new LoadResult.Absent(freshness);
        return item.Length <= _valueBytesMax
            ? new LoadResult.Found(item.ToArray(), "application/json", null, freshness)
            : new LoadResult.Failed(LoadFailure.BadAnswer, null, $"The origin's item has more than {_valueBytesMax} bytes.");
    }

    private static LoadResult.Failed Unnamed { get; } =
        new(LoadFailure.Refused, null, "What follows the prefix in the key is empty or a dot segment, which has no address at the origin.");

    // What an entry cannot have is left out; it was only a hint.
    private static string ContentTypeOf(HttpAnswer answer) =>
        answer.Header("Content-Type").FirstOrDefault() is { } type && StoredFields.IsContentType(Encoding.UTF8.GetBytes(type)) ? type : "";

    private static string? ETagOf(HttpAnswer answer) =>
        answer.Header("ETag").FirstOrDefault() is { Length: <= ETagLengthMax } etag && EntityTagHeaderValue.TryParse(etag, out _) ? etag : null;
}
