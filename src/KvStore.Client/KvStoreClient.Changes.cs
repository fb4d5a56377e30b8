using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    private const string MergePatch = "application/merge-patch+json";

    /// <summary>Adds to a number that is stored as decimal text; an absent one counts as 0. Any number of clients may add to one key at a time.</summary>
    /// <param name="key">The key.</param>
    /// <param name="by">What is added.</param>
    /// <param name="options">On which condition, and for how long; null for always, and for as long as before.</param>
    /// <param name="cancellationToken">Gives up; it may have been added.</param>
    /// <returns>The new number.</returns>
    /// <exception cref="KvStoreException">The value is not a number, or the sum does not fit into 64 bits (409).</exception>
    public async Task<long> IncrementAsync(string key, long by = 1, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Always;
        var target = new QueryString(QueryString.PathOf("/v1/counters/", key)).Add("by", by).Add("ttl", options.TimeToLiveSeconds).ToString();
        using var response = await WriteAsync(HttpMethod.Post, target, null, options, cancellationToken).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : throw new HttpRequestException("The answer is not a number; this is not a KvStore service.");
    }

    /// <summary>Changes members of a stored JSON object (RFC 7396): what the patch has replaces, null removes, objects are merged.</summary>
    /// <param name="key">The key.</param>
    /// <param name="patch">The patch, as JSON in UTF-8.</param>
    /// <param name="options">On which condition, and for how long; null for always, and for as long as before.</param>
    /// <param name="cancellationToken">Gives up; it may have been applied.</param>
    /// <returns>The revision of the change; null when the key has no entry.</returns>
    /// <exception cref="KvPreconditionFailedException">The condition does not hold.</exception>
    /// <exception cref="KvStoreException">The value is not JSON (409).</exception>
    public async Task<long?> PatchAsync(string key, ReadOnlyMemory<byte> patch, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Always;
        var target = new QueryString(QueryString.PathOf(EntryPath, key)).Add("ttl", options.TimeToLiveSeconds).ToString();
        using var response = await WriteAsync(HttpMethod.Patch, target, () => Bytes(patch, MergePatch), options, cancellationToken).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.NotFound ? null : RevisionOf(response);
    }

    /// <summary>Changes members of a stored JSON object to those of an object of yours; see <see cref="PatchAsync(string, ReadOnlyMemory{byte}, KvWriteOptions?, CancellationToken)"/>.</summary>
    /// <inheritdoc cref="PatchAsync(string, ReadOnlyMemory{byte}, KvWriteOptions?, CancellationToken)"/>
    /// <param name="key">The key.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="type">Its type, from a source-generated context.</param>
    /// <param name="options">On which condition, and for how long; null for always, and for as long as before.</param>
    /// <param name="cancellationToken">Gives up; it may have been applied.</param>
    public Task<long?> PatchJsonAsync<T>(string key, T patch, JsonTypeInfo<T> type, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        PatchAsync(key, JsonSerializer.SerializeToUtf8Bytes(patch, type), options, cancellationToken);

    /// <summary>Stores a value under a new key below a prefix, after all that were stored so before.</summary>
    /// <param name="prefix">The prefix; it ends with a slash.</param>
    /// <param name="value">The value; the caller leaves it alone until the call has ended.</param>
    /// <param name="contentType">Its media type.</param>
    /// <param name="options">For how long; null for ever. Conditions do not apply.</param>
    /// <param name="cancellationToken">Gives up; the value may have been stored.</param>
    /// <returns>The new key.</returns>
    public async Task<string> AppendAsync(
        string prefix, ReadOnlyMemory<byte> value, string contentType = OctetStream, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Always;
        var target = new QueryString(QueryString.PathOf(EntryPath, prefix)).Add("ttl", options.TimeToLiveSeconds).ToString();
        using var response = await WriteAsync(HttpMethod.Post, target, () => Bytes(value, contentType), options, cancellationToken).ConfigureAwait(false);
        var location = response.Headers.Location?.OriginalString ?? throw new HttpRequestException("The answer does not say where the value is; this is not a KvStore service.");
        return Uri.UnescapeDataString(location[(location.IndexOf(EntryPath, StringComparison.Ordinal) + EntryPath.Length)..]);
    }

    /// <summary>Deletes every entry whose key starts with a prefix, at one revision.</summary>
    /// <param name="prefix">The prefix; not empty.</param>
    /// <param name="cancellationToken">Gives up; they may have been deleted.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="KvStoreException">There are more than the service deletes at once (409).</exception>
    public async Task<long> DeletePrefixAsync(string prefix, CancellationToken cancellationToken = default)
    {
        var target = new QueryString(ListPath).Add("prefix", prefix).ToString();
        using var response = await WriteAsync(HttpMethod.Delete, target, null, Always, cancellationToken).ConfigureAwait(false);
        return (await ReadJsonAsync(response, Wire.Default.WireDeleted, cancellationToken).ConfigureAwait(false)).Deleted;
    }

    /// <summary>Reads many entries of one snapshot.</summary>
    /// <param name="keys">Their keys; 1,000 at most.</param>
    /// <param name="options">Which state to read; null for the latest.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The entries that there are, by their keys.</returns>
    public async Task<IReadOnlyDictionary<string, KvEntry>> GetManyAsync(IEnumerable<string> keys, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        var query = new QueryString("/v1/batch/get");
        (options ?? Latest).AddTo(query);
        var body = JsonSerializer.SerializeToUtf8Bytes(new WireKeys([.. keys]), Wire.Default.WireKeys);
        using var response = await SendAsync(Make, isSafe: true, _options.RetriesMax, cancellationToken).ConfigureAwait(false);
        var found = await ReadJsonAsync(response, Wire.Default.WirePage, cancellationToken).ConfigureAwait(false);
        return found.Items.DistinctBy(item => item.Key).ToDictionary(item => item.Key, item => item.ToEntry());

        HttpRequestMessage Make()
        {
            var request = Request(HttpMethod.Post, query.ToString());
            request.Content = Bytes(body, "application/json");
            return request;
        }
    }

    /// <summary>Carries out a transaction: all of it at one revision if all guards hold, else nothing.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="cancellationToken">Gives up; it may have been carried out.</param>
    /// <returns>The revision, and what was read.</returns>
    /// <exception cref="KvPreconditionFailedException">Some guards do not hold; <see cref="KvPreconditionFailedException.Failed"/> has all of those.</exception>
    public async Task<KvTransactionResult> TransactAsync(KvTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var body = transaction.ToUtf8Json();
        var options = transaction.IdempotencyKey is { } key ? new KvWriteOptions { IdempotencyKey = key } : Always;
        using var response = await WriteAsync(HttpMethod.Post, "/v1/txn", () => Bytes(body, "application/json"), options, cancellationToken).ConfigureAwait(false);
        var result = await ReadJsonAsync(response, Wire.Default.WireTransactionResult, cancellationToken).ConfigureAwait(false);
        return new KvTransactionResult(result.Revision, [.. transaction.ReadSteps.Select(step => result.Results[step].Get?.ToEntry())]);
    }
}
