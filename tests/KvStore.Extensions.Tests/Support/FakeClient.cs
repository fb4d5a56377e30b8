namespace KvStore.Extensions.Tests;

/// <summary>A client as an application fakes it: what the test needs, and no more.</summary>
internal sealed class FakeClient : IKvStoreClient
{
    /// <summary>What every call ends with; null for none.</summary>
    public Exception? Failure { get; set; }

    public int Puts { get; private set; }

    public Task<KvEntry?> GetAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default) => Task.FromResult<KvEntry?>(null);

    public Task<KvEntry?> GetMetadataAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default) => Result<KvEntry?>(null);

    public Task<bool> ExistsAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default) => Result(false);

    public Task<KvWriteResult> PutAsync(
        string key, ReadOnlyMemory<byte> value, string contentType = "application/octet-stream", KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        Puts++;
        return Result(new KvWriteResult(KvRevision.Parse("7"), true));
    }

    public Task<KvRevision?> DeleteAsync(string key, KvWriteOptions? options = null, CancellationToken cancellationToken = default) => Result<KvRevision?>(null);

    public Task<KvRevision?> TouchAsync(string key, TimeSpan? timeToLive, KvWriteOptions? options = null, CancellationToken cancellationToken = default) => Result<KvRevision?>(null);

    public Task<KvWaitResult> WaitAsync(string key, TimeSpan wait, KvRevision? after = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> IncrementAsync(string key, long by = 1, KvWriteOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<KvRevision?> PatchAsync(string key, ReadOnlyMemory<byte> patch, KvWriteOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<string> AppendAsync(
        string prefix, ReadOnlyMemory<byte> value, string contentType = "application/octet-stream", KvWriteOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> DeletePrefixAsync(string prefix, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<KvTransactionResult> TransactAsync(KvTransaction transaction, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyDictionary<string, KvEntry>> GetManyAsync(IEnumerable<string> keys, KvReadOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<KvEntry> ListAsync(string prefix = "", bool withValues = false, KvReadOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<KvListItem> ListLevelAsync(
        string prefix = "", string delimiter = "/", bool withValues = false, KvReadOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> CountAsync(string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<KvWatchEvent> WatchAsync(string key, KvWatchOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<KvWatchEvent> WatchPrefixAsync(string prefix, KvWatchOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<KvRevision> ExportAsync(Stream destination, string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<KvImportReport> ImportAsync(Stream source, IProgress<long>? progress = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private Task<T> Result<T>(T result) => Failure is null ? Task.FromResult(result) : Task.FromException<T>(Failure);
}
