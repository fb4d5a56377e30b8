using System.Net;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    private const string EntryPath = "/v1/kv/";
    private const string OctetStream = "application/octet-stream";

    private static readonly KvReadOptions Latest = new();
    private static readonly KvWriteOptions Always = new();

    /// <summary>Reads an entry.</summary>
    /// <param name="key">The key: 1 to 1024 bytes of UTF-8.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The entry; null if there is none.</returns>
    /// <exception cref="KvRevisionGoneException">The requested revision is no longer retained.</exception>
    public async Task<KvEntry?> GetAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        var query = new QueryString(QueryString.PathOf(EntryPath, key));
        (options ?? Latest).AddTo(query);
        using var response = await ReadAsync(query.ToString(), cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;

        var value = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return new KvEntry
        {
            Key = key,
            Revision = long.Parse(response.Headers.ETag!.Tag.Trim('"'), CultureInfo.InvariantCulture),
            ContentType = response.Content.Headers.TryGetValues("Content-Type", out var types) ? types.First() : OctetStream,
            Value = value,
            Size = value.Length,
            ExpiresAt = response.Headers.TryGetValues("KvStore-Expires", out var times) ? DateTimeOffset.Parse(times.First(), CultureInfo.InvariantCulture) : null,
        };
    }

    /// <summary>Stores a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; do not modify it before the call has ended.</param>
    /// <param name="contentType">The media type of the value.</param>
    /// <param name="options">Conditions and lifetime; null for neither.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    public async Task<KvWriteResult> PutAsync(
        string key, ReadOnlyMemory<byte> value, string contentType = OctetStream, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Always;
        using var response = await WriteAsync(HttpMethod.Put, EntryTarget(key, options), () => Bytes(value, contentType), options, cancellationToken).ConfigureAwait(false);
        return new KvWriteResult(RevisionOf(response), response.StatusCode == HttpStatusCode.Created);
    }

    /// <summary>Stores text, as <c>text/plain; charset=utf-8</c>.</summary>
    /// <inheritdoc cref="PutAsync(string, ReadOnlyMemory{byte}, string, KvWriteOptions?, CancellationToken)"/>
    public Task<KvWriteResult> PutAsync(string key, string value, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(key, Encoding.UTF8.GetBytes(value), "text/plain; charset=utf-8", options, cancellationToken);

    /// <summary>Stores an object as JSON.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The object.</param>
    /// <param name="type">The type of the object, from a source-generated context or <c>JsonSerializerOptions.GetTypeInfo</c>.</param>
    /// <param name="options">Conditions and lifetime; null for neither.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    public Task<KvWriteResult> PutJsonAsync<T>(string key, T value, JsonTypeInfo<T> type, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json", options, cancellationToken);

    /// <summary>Deletes an entry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">The conditions; null for none.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The revision of the deletion; null if the key has no entry.</returns>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    public async Task<long?> DeleteAsync(string key, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var response = await WriteAsync(HttpMethod.Delete, QueryString.PathOf(EntryPath, key), null, options ?? Always, cancellationToken).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.NotFound ? null : RevisionOf(response);
    }

    private static string EntryTarget(string key, KvWriteOptions options) =>
        new QueryString(QueryString.PathOf(EntryPath, key)).Add("ttl", options.TimeToLiveSeconds).ToString();
}
