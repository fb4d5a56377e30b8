using System.Runtime.CompilerServices;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    private const string ListPath = "/v1/kv";
    private const string OriginPath = "/v1/origins/";
    private const int PageItemsMax = 1000;

    private static readonly Comparer<byte[]> ByteOrder = Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    /// <summary>Lists the entries of one snapshot in the order of their keys' UTF-8 bytes. Pages are fetched on demand.</summary>
    /// <param name="prefix">The prefix of the keys; empty for every entry.</param>
    /// <param name="withValues">Whether the entries contain values.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="KvRevisionGoneException">The snapshot is no longer retained because the listing took too long. Begin again.</exception>
    public async IAsyncEnumerable<KvEntry> ListAsync(
        string prefix = "", bool withValues = false, KvReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var page in PagesAsync(prefix, null, withValues, options ?? Latest, cancellationToken).ConfigureAwait(false))
        {
            foreach (var entry in page.Entries)
                yield return entry;
        }
    }

    /// <summary>Lists the first entries of a range of keys, at most so many, in one request. To list all, use <see cref="ListAsync"/>, which reads one snapshot.</summary>
    /// <param name="prefix">The prefix of the keys; empty for every entry.</param>
    /// <param name="limit">The most entries, 1 to 1,000. The service ends a page earlier after about 4 MiB.</param>
    /// <param name="after">Only keys after this one, which need not exist; null for the first ones.</param>
    /// <param name="withValues">Whether the entries contain values.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<KvListPage> ListPageAsync(
        string prefix = "", int limit = 100, string? after = null, bool withValues = false, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageItemsMax);
        options ??= Latest;
        var query = new QueryString(ListPath).Add("prefix", prefix).Add("limit", limit).Add("after", after).Add("values", withValues ? "true" : null);
        options.AddTo(query);
        return await ReadAsync(query.ToString(), options, PageOf, cancellationToken).ConfigureAwait(false);

        static KvListPage PageOf(Answer answer)
        {
            var page = answer.Json(Wire.Default.WirePage);
            return new KvListPage(answer.Revision.WithNumber(page.Revision), [.. page.Items.Select(item => item.ToEntry(answer.Revision))], page.Cursor is not null);
        }
    }

    /// <summary>Lists one level of one snapshot, like a directory: the entries directly below a prefix, and one item for each group of keys that share the text up to the next delimiter. In the order of the names' UTF-8 bytes.</summary>
    /// <param name="prefix">The prefix of the level; empty for the top one. For a group, its <see cref="KvListItem.Name"/>.</param>
    /// <param name="delimiter">What ends the name of a group.</param>
    /// <param name="withValues">Whether the entries contain values.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="KvRevisionGoneException">The snapshot is no longer retained because the listing took too long. Begin again.</exception>
    public async IAsyncEnumerable<KvListItem> ListLevelAsync(
        string prefix = "", string delimiter = "/", bool withValues = false, KvReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(delimiter);
        await foreach (var page in PagesAsync(prefix, delimiter, withValues, options ?? Latest, cancellationToken).ConfigureAwait(false))
        {
            var items = page.Entries.Select(entry => new KvListItem(entry.Key, entry)).Concat(page.Groups.Select(group => new KvListItem(group, null)));
            foreach (var item in items.OrderBy(item => Encoding.UTF8.GetBytes(item.Name), ByteOrder))
                yield return item;
        }
    }

    /// <summary>Counts the entries whose keys start with a prefix.</summary>
    /// <param name="prefix">The prefix; empty for every entry.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<long> CountAsync(string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Latest;
        var query = new QueryString(ListPath).Add("prefix", prefix).Add("count_only", "true");
        options.AddTo(query);
        return await ReadAsync(query.ToString(), options, answer => answer.Json(Wire.Default.WireCount).Count, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads many entries of one snapshot, after those of origins that are absent or stale have been loaded, all at once.</summary>
    /// <param name="keys">The keys; 1,000 at most.</param>
    /// <param name="wait">The longest that the service waits for what is loaded. Loads that take longer continue.</param>
    /// <param name="options">The state to read; null for the latest. No revision.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<KvBatch> GetManyAsync(IEnumerable<string> keys, TimeSpan wait, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        return SendAsync(BatchCall(keys, wait, options ?? Latest), BatchOf, cancellationToken);

        static KvBatch BatchOf(Answer answer)
        {
            var batch = answer.Json(Wire.Default.WireBatch);
            return new KvBatch(
                answer.Revision, batch.Items.DistinctBy(item => item.Key).ToDictionary(item => item.Key, item => item.ToEntry(answer.Revision)), WireBatch.Rest(batch.Missing, batch.Pending, batch.Errors));
        }
    }

    /// <summary>The same as a stream: each entry as soon as it is there, perhaps from different snapshots, and then the rest. A stream that has begun is not repeated.</summary>
    /// <param name="keys">The keys; 1,000 at most.</param>
    /// <param name="wait">The longest that the service waits for what is loaded.</param>
    /// <param name="options">The state to read; null for the latest. No revision.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="KvStoreException">As for other calls, or the stream ended without its last part.</exception>
    public async IAsyncEnumerable<KvBatchPart> StreamManyAsync(
        IEnumerable<string> keys, TimeSpan wait, KvReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var answer = await SendAsync(BatchCall(keys, wait, options ?? Latest) with { IsStream = true, Accept = "application/x-ndjson" }, answer => answer, cancellationToken).ConfigureAwait(false);
        await using var lines = new LineConnection(answer, await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _options, wait, cancellationToken);
        while (await lines.ReadAsync(cancellationToken).ConfigureAwait(false) is var part)
        {
            yield return part;
            if (part is KvBatchPart.Ended)
                yield break;
        }
    }

    /// <summary>Invalidates keys of an origin: what was loaded before is not served any more.</summary>
    /// <param name="origin">The name of the origin.</param>
    /// <param name="keys">The keys; 1,000 at most.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The revision of the commit.</returns>
    public Task<KvRevision> InvalidateAsync(string origin, IEnumerable<string> keys, CancellationToken cancellationToken = default) =>
        InvalidateAsync(origin, new WireInvalidation(Keys: [.. keys.Select(key => Arguments.Text(key, nameof(keys)))]), cancellationToken);

    /// <summary>Invalidates all keys of an origin that start with a prefix, however many they are.</summary>
    /// <param name="origin">The name of the origin.</param>
    /// <param name="prefix">The prefix; it begins with that of the origin.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The revision of the commit.</returns>
    public Task<KvRevision> InvalidatePrefixAsync(string origin, string prefix, CancellationToken cancellationToken = default) =>
        InvalidateAsync(origin, new WireInvalidation(Prefix: Arguments.Text(prefix)), cancellationToken);

    /// <summary>Has keys of an origin loaded, fresh or not, without waiting for that.</summary>
    /// <param name="origin">The name of the origin.</param>
    /// <param name="keys">The keys; 1,000 at most.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<KvLoadsBegun> LoadAsync(string origin, IEnumerable<string> keys, CancellationToken cancellationToken = default) => SendAsync(
        new Call(HttpMethod.Post, QueryString.PathOf(OriginPath, origin) + "/load") { Body = BodyOf(keys), ContentType = Json },
        answer => answer.Json(Wire.Default.WireLoads) is var loads ? new KvLoadsBegun(loads.Loading, loads.Refused) : default, cancellationToken);

    private static Call BatchCall(IEnumerable<string> keys, TimeSpan? wait, KvReadOptions options)
    {
        var query = new QueryString("/v1/batch/get");
        options.AddTo(query);
        if (wait is { } length)
            query.Add("wait", string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Max(0, length.TotalMilliseconds)}ms"));
        return new Call(HttpMethod.Post, query.ToString()) { Body = BodyOf(keys), ContentType = Json, StoreId = options.StoreId, Wait = wait ?? TimeSpan.Zero };
    }

    private static byte[] BodyOf(IEnumerable<string> keys) => JsonSerializer.SerializeToUtf8Bytes(new WireKeys([.. keys.Select(key => Arguments.Text(key, nameof(keys)))]), Wire.Default.WireKeys);

    private async IAsyncEnumerable<Page> PagesAsync(string prefix, string? delimiter, bool withValues, KvReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var query = new QueryString(ListPath).Add("prefix", prefix).Add("delimiter", delimiter).Add("limit", PageItemsMax).Add("values", withValues ? "true" : null).Add("cursor", cursor);
            if (cursor is null)
                options.AddTo(query);
            var page = await ReadAsync(query.ToString(), options, PageOf, cancellationToken).ConfigureAwait(false);
            yield return page;
            cursor = page.Cursor;
        }
        while (cursor is not null);

        static Page PageOf(Answer answer)
        {
            var page = answer.Json(Wire.Default.WirePage);
            return new Page([.. page.Items.Select(item => item.ToEntry(answer.Revision))], page.Prefixes ?? [], page.Cursor);
        }
    }

    private sealed record Page(KvEntry[] Entries, string[] Groups, string? Cursor);

    private Task<KvRevision> InvalidateAsync(string origin, WireInvalidation what, CancellationToken cancellationToken) => SendAsync(
        new Call(HttpMethod.Post, QueryString.PathOf(OriginPath, origin) + "/invalidate")
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(what, Wire.Default.WireInvalidation),
            ContentType = Json,
            IsWrite = true,
            IsIdempotent = true,
        },
        answer => answer.Revision, cancellationToken);
}
