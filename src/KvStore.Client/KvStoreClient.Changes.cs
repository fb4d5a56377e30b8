using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    private const string MergePatch = "application/merge-patch+json";
    private const string Json = "application/json";

    /// <summary>Adds to a counter, a number stored as decimal text. An absent counter is 0. Concurrent increments never conflict.</summary>
    /// <param name="key">The key.</param>
    /// <param name="by">The number to add; it may be negative.</param>
    /// <param name="options">Conditions and lifetime; null for no condition and an unchanged expiry.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The new number.</returns>
    /// <exception cref="KvStoreException">The value is not a number, or the sum does not fit into 64 bits (409).</exception>
    public async Task<long> IncrementAsync(string key, long by = 1, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Always;
        var target = new QueryString(QueryString.PathOf("/v1/counters/", key)).Add("by", by).Add("ttl", options.TimeToLiveSeconds).ToString();
        return await WriteAsync(new Call(HttpMethod.Post, target), options, answer => long.Parse(answer.Body, CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Merges a patch into stored JSON (RFC 7396): members of the patch replace, null removes, objects are merged.</summary>
    /// <param name="key">The key.</param>
    /// <param name="patch">The patch, as JSON in UTF-8.</param>
    /// <param name="options">Conditions and lifetime; null for no condition and an unchanged expiry.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The revision of the change; null if the key has no entry.</returns>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    /// <exception cref="KvStoreException">The value is not JSON (409).</exception>
    public async Task<KvRevision?> PatchAsync(string key, ReadOnlyMemory<byte> patch, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Always;
        var call = new Call(HttpMethod.Patch, EntryTarget(key, options)) { Body = patch, ContentType = MergePatch, AllowsAbsence = true };
        return await WriteAsync<KvRevision?>(call, options, answer => answer.Revision, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Merges a serialized object into stored JSON; see <see cref="PatchAsync(string, ReadOnlyMemory{byte}, KvWriteOptions?, CancellationToken)"/>.</summary>
    /// <inheritdoc cref="PatchAsync(string, ReadOnlyMemory{byte}, KvWriteOptions?, CancellationToken)"/>
    /// <param name="key">The key.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="type">The type of the patch, from a source-generated context.</param>
    /// <param name="options">Conditions and lifetime; null for no condition and an unchanged expiry.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    public Task<KvRevision?> PatchJsonAsync<T>(string key, T patch, JsonTypeInfo<T> type, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        PatchAsync(key, JsonSerializer.SerializeToUtf8Bytes(patch, type), options, cancellationToken);

    /// <summary>Stores a value under a new key below a prefix, which sorts after all keys that were appended before.</summary>
    /// <param name="prefix">The prefix; it ends with a slash.</param>
    /// <param name="value">The value; do not modify it before the call has ended.</param>
    /// <param name="contentType">The media type of the value.</param>
    /// <param name="options">The lifetime; null for no expiry. Conditions do not apply.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The new key.</returns>
    public async Task<string> AppendAsync(
        string prefix, ReadOnlyMemory<byte> value, string contentType = OctetStream, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Always;
        var call = new Call(HttpMethod.Post, EntryTarget(prefix, options)) { Body = value, ContentType = Arguments.ContentType(contentType) };
        return await WriteAsync(call, options, KeyOf, cancellationToken).ConfigureAwait(false);

        static string KeyOf(Answer answer)
        {
            var location = answer.Header("Location") ?? "";
            var path = location.IndexOf(EntryPath, StringComparison.Ordinal);
            return path >= 0 ? Uri.UnescapeDataString(location[(path + EntryPath.Length)..]) : throw new FormatException("It has no Location of an entry.");
        }
    }

    /// <summary>Deletes every entry whose key starts with a prefix, at one revision.</summary>
    /// <param name="prefix">The prefix; not empty.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The number of deleted entries.</returns>
    /// <exception cref="KvStoreException">The prefix has more entries than the service deletes at once (409).</exception>
    public async Task<long> DeletePrefixAsync(string prefix, CancellationToken cancellationToken = default)
    {
        var target = new QueryString(ListPath).Add("prefix", prefix).ToString();
        return await WriteAsync(new Call(HttpMethod.Delete, target), Always, answer => answer.Json(Wire.Default.WireDeleted).Deleted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads many entries of one snapshot.</summary>
    /// <param name="keys">The keys; 1,000 at most.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The existing entries by key.</returns>
    public async Task<IReadOnlyDictionary<string, KvEntry>> GetManyAsync(IEnumerable<string> keys, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        return await SendAsync(BatchCall(keys, null, options ?? Latest), EntriesOf, cancellationToken).ConfigureAwait(false);

        static Dictionary<string, KvEntry> EntriesOf(Answer answer) =>
            answer.Json(Wire.Default.WirePage).Items.DistinctBy(item => item.Key).ToDictionary(item => item.Key, item => item.ToEntry(answer.Revision));
    }

    /// <summary>Commits a transaction at one revision if all guards pass, otherwise changes nothing.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The revision and the entries read.</returns>
    /// <exception cref="KvPreconditionFailedException">Guards failed; <see cref="KvPreconditionFailedException.Failed"/> lists all of them.</exception>
    public async Task<KvTransactionResult> TransactAsync(KvTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var body = transaction.ToUtf8Json();
        var options = transaction.IdempotencyKey is { } key ? new KvWriteOptions { IdempotencyKey = key } : Always;
        var call = new Call(HttpMethod.Post, "/v1/txn") { Body = body, ContentType = Json, StoreId = transaction.StoreId };
        return await WriteAsync(call, options, ResultOf, cancellationToken).ConfigureAwait(false);

        KvTransactionResult ResultOf(Answer answer)
        {
            var result = answer.Json(Wire.Default.WireTransactionResult);
            if (transaction.ReadSteps.Any(step => step >= result.Results.Length))
                throw new FormatException("It has too few results.");
            return new KvTransactionResult(answer.Revision.WithNumber(result.Revision), [.. transaction.ReadSteps.Select(step => result.Results[step].Get?.ToEntry(answer.Revision))]);
        }
    }
}
