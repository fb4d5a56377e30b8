using System.Net;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    private const string EntryPath = "/v1/kv/";
    private const string OctetStream = "application/octet-stream";

    internal static readonly KvReadOptions Latest = new();
    internal static readonly KvWriteOptions Always = new();

    /// <summary>Reads an entry.</summary>
    /// <param name="key">The key: 1 to 1024 bytes of UTF-8.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The entry; null if there is none.</returns>
    /// <exception cref="KvRevisionGoneException">The requested revision is no longer retained.</exception>
    /// <exception cref="KvOriginException">The entry comes from an origin, cannot be loaded, and nothing is stored that may be served.</exception>
    public async Task<KvEntry?> GetAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Latest;
        var query = new QueryString(QueryString.PathOf(EntryPath, key));
        options.AddTo(query);
        return await ReadAsync<KvEntry?>(query.ToString(), options, answer => EntryOf(key, answer), cancellationToken, allowsAbsence: true).ConfigureAwait(false);
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
        var call = new Call(HttpMethod.Put, EntryTarget(key, options)) { Body = value, ContentType = Arguments.ContentType(contentType) };
        return await WriteAsync(call, options, answer => new KvWriteResult(answer.Revision, answer.Status == HttpStatusCode.Created), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores text, as <c>text/plain; charset=utf-8</c>.</summary>
    /// <inheritdoc cref="PutAsync(string, ReadOnlyMemory{byte}, string, KvWriteOptions?, CancellationToken)"/>
    public Task<KvWriteResult> PutAsync(string key, string value, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(key, Arguments.Encode(value), "text/plain; charset=utf-8", options, cancellationToken);

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
    public async Task<KvRevision?> DeleteAsync(string key, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        var call = new Call(HttpMethod.Delete, QueryString.PathOf(EntryPath, key)) { AllowsAbsence = true };
        return await WriteAsync<KvRevision?>(call, options ?? Always, answer => answer.Revision, cancellationToken).ConfigureAwait(false);
    }

    private static KvEntry EntryOf(string key, Answer answer) => MetadataOf(key, answer) with { Value = answer.Body, Size = answer.Body.Length };

    private static KvEntry MetadataOf(string key, Answer answer)
    {
        var expiresAt = answer.Header("KvStore-Expires") is { } time ? DateTimeOffset.Parse(time, CultureInfo.InvariantCulture) : default(DateTimeOffset?);
        return new KvEntry
        {
            Key = key,
            Revision = answer.EntryRevision,
            ContentType = answer.ContentHeader("Content-Type") ?? OctetStream,
            Size = answer.Response.Content.Headers.ContentLength ?? 0,
            Cache = KvCacheStatus.Of(answer.Header("Cache-Status"), answer.Header("Age")),
            ExpiresAt = expiresAt,
            TimeToLive = expiresAt - answer.Response.Headers.Date,
        };
    }

    private static string EntryTarget(string key, KvWriteOptions options) =>
        new QueryString(QueryString.PathOf(EntryPath, key)).Add("ttl", options.TimeToLiveSeconds).ToString();
}
