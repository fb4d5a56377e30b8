using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>
/// The calls of a <see cref="KvStoreClient"/>, for programs that replace it in their tests. What is composed of them is in <see cref="KvStoreClientExtensions"/>, so that a fake has
/// it as well. Later versions add members with an implementation that throws <see cref="NotSupportedException"/>.
/// </summary>
public interface IKvStoreClient
{
    /// <inheritdoc cref="KvStoreClient.GetAsync"/>
    Task<KvEntry?> GetAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.GetMetadataAsync"/>
    Task<KvEntry?> GetMetadataAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.ExistsAsync"/>
    Task<bool> ExistsAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.PutAsync(string, ReadOnlyMemory{byte}, string, KvWriteOptions?, CancellationToken)"/>
    Task<KvWriteResult> PutAsync(string key, ReadOnlyMemory<byte> value, string contentType = "application/octet-stream", KvWriteOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.PutAsync(string, string, KvWriteOptions?, CancellationToken)"/>
    Task<KvWriteResult> PutAsync(string key, string value, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(key, Arguments.Encode(value), "text/plain; charset=utf-8", options, cancellationToken);

    /// <inheritdoc cref="KvStoreClient.PutJsonAsync"/>
    Task<KvWriteResult> PutJsonAsync<T>(string key, T value, JsonTypeInfo<T> type, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json", options, cancellationToken);

    /// <inheritdoc cref="KvStoreClient.DeleteAsync"/>
    Task<KvRevision?> DeleteAsync(string key, KvWriteOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.TouchAsync"/>
    Task<KvRevision?> TouchAsync(string key, TimeSpan? timeToLive, KvWriteOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.WaitAsync"/>
    Task<KvWaitResult> WaitAsync(string key, TimeSpan wait, KvRevision? after = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.IncrementAsync"/>
    Task<long> IncrementAsync(string key, long by = 1, KvWriteOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.PatchAsync"/>
    Task<KvRevision?> PatchAsync(string key, ReadOnlyMemory<byte> patch, KvWriteOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.AppendAsync"/>
    Task<string> AppendAsync(string prefix, ReadOnlyMemory<byte> value, string contentType = "application/octet-stream", KvWriteOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.DeletePrefixAsync"/>
    Task<long> DeletePrefixAsync(string prefix, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.TransactAsync"/>
    Task<KvTransactionResult> TransactAsync(KvTransaction transaction, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.GetManyAsync(IEnumerable{string}, KvReadOptions?, CancellationToken)"/>
    Task<IReadOnlyDictionary<string, KvEntry>> GetManyAsync(IEnumerable<string> keys, KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.ListAsync"/>
    IAsyncEnumerable<KvEntry> ListAsync(string prefix = "", bool withValues = false, KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.ListPageAsync"/>
    Task<KvListPage> ListPageAsync(string prefix = "", int limit = 100, string? after = null, bool withValues = false, KvReadOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc cref="KvStoreClient.ListLevelAsync"/>
    IAsyncEnumerable<KvListItem> ListLevelAsync(string prefix = "", string delimiter = "/", bool withValues = false, KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.CountAsync"/>
    Task<long> CountAsync(string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.WatchAsync(string, KvWatchOptions?, CancellationToken)"/>
    IAsyncEnumerable<KvWatchEvent> WatchAsync(string key, KvWatchOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.WatchPrefixAsync"/>
    IAsyncEnumerable<KvWatchEvent> WatchPrefixAsync(string prefix, KvWatchOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.ExportAsync"/>
    Task<KvRevision> ExportAsync(Stream destination, string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KvStoreClient.ImportAsync"/>
    Task<KvImportReport> ImportAsync(Stream source, IProgress<long>? progress = null, CancellationToken cancellationToken = default);
}
