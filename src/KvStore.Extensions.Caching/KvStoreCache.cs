using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace KvStore.Extensions.Caching;

/// <summary>
/// A distributed cache on KvStore. Thread-safe. Each entry of the cache is one of the store, below <see cref="KvStoreCacheOptions.KeyPrefix"/>, with its value as it was set. The store deletes what
/// has expired; the times are whole seconds there, rounded up, but an absolute expiration is observed to the millisecond by the clocks of the callers.
/// </summary>
/// <remarks>Failures of the store are thrown as <see cref="KvStoreException"/>, as other implementations do; HybridCache logs them and calls the factory.</remarks>
public sealed class KvStoreCache : IBufferDistributedCache
{
    // The limit of the service for keys.
    private const int KeyBytesMax = 1024;

    private readonly IKvStoreClient _client;
    private readonly KvStoreCacheOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates a cache.</summary>
    /// <param name="client">The client; it remains the caller's.</param>
    /// <param name="options">How to use the store; null for the defaults.</param>
    /// <param name="time">The clock; null for that of the system.</param>
    public KvStoreCache(IKvStoreClient client, KvStoreCacheOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        _options = options ?? new KvStoreCacheOptions();
        _time = time ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        var found = await ReadAsync(key, withValue: true, token).ConfigureAwait(false);

        // The array that was read, which has no other owner; a copy if a fake has made the entry of a part of one.
        return found is null ? null : MemoryMarshal.TryGetArray(found.Value, out var part) && part.Array!.Length == part.Count ? part.Array : found.Value.ToArray();
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (await ReadAsync(key, withValue: true, token).ConfigureAwait(false) is not { } entry)
            return false;
        destination.Write(entry.Value.Span);
        return true;
    }

    /// <inheritdoc/>
    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return WriteAsync(key, value, options, token);
    }

    /// <inheritdoc/>
    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        new(WriteAsync(key, value.IsSingleSegment ? value.First : value.ToArray(), options, token));

    /// <inheritdoc/>
    public Task RefreshAsync(string key, CancellationToken token = default) => ReadAsync(key, withValue: false, token);

    /// <inheritdoc/>
    public Task RemoveAsync(string key, CancellationToken token = default) => _client.DeleteAsync(StoreKey(key), new KvWriteOptions { IsIdempotent = true }, token);

    /// <inheritdoc/>
    public byte[]? Get(string key) => Block(() => GetAsync(key));

    /// <inheritdoc/>
    public bool TryGet(string key, IBufferWriter<byte> destination) => Block(() => TryGetAsync(key, destination).AsTask());

    /// <inheritdoc/>
    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => Block(() => Done(SetAsync(key, value, options)));

    /// <inheritdoc/>
    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => Block(() => Done(SetAsync(key, value, options).AsTask()));

    /// <inheritdoc/>
    public void Refresh(string key) => Block(() => Done(RefreshAsync(key)));

    /// <inheritdoc/>
    public void Remove(string key) => Block(() => Done(RemoveAsync(key)));

    private async Task WriteAsync(string key, ReadOnlyMemory<byte> value, DistributedCacheEntryOptions options, CancellationToken token)
    {
        var storeKey = StoreKey(key);
        ArgumentNullException.ThrowIfNull(options);
        var now = _time.GetUtcNow();
        var entry = CacheEntry.Of(options, _options.DefaultLifetime, now);

        // Set twice is as good as set once, so the store need not keep a record of each write.
        var write = new KvWriteOptions { TimeToLive = entry.LifetimeAt(now, _options.SlidingSlack), IsIdempotent = true };
        await _client.PutAsync(storeKey, value, entry.ToMediaType(), write, token).ConfigureAwait(false);
    }

    // The entry, renewed if that is due; null if there is none, or if it has ended and the store has yet to delete it.
    private async Task<KvEntry?> ReadAsync(string key, bool withValue, CancellationToken token)
    {
        var storeKey = StoreKey(key);
        var found = withValue
            ? await _client.GetAsync(storeKey, cancellationToken: token).ConfigureAwait(false)
            : await _client.GetMetadataAsync(storeKey, cancellationToken: token).ConfigureAwait(false);
        if (found is null)
            return null;
        var now = _time.GetUtcNow();
        var entry = CacheEntry.Parse(found.ContentType);
        if (entry.HasEnded(now))
            return null;

        // Only of what was read: another caller may have set a value with another expiration since.
        if (entry.NeedsRenewal(found.TimeToLive, now))
            await RenewAsync(storeKey, entry.LifetimeAt(now, _options.SlidingSlack), found.Revision, token).ConfigureAwait(false);
        return found;
    }

    private async Task RenewAsync(string storeKey, TimeSpan? lifetime, KvRevision revision, CancellationToken token)
    {
        try
        {
            await _client.TouchAsync(storeKey, lifetime, new KvWriteOptions { IfRevision = revision, IsIdempotent = true }, token).ConfigureAwait(false);
        }
        catch (KvPreconditionFailedException)
        {
            // It was renewed, set or removed meanwhile, which is as new as this use of it.
        }
    }

    // A key beyond the limit of the service is stored under its hash.
    private string StoreKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var storeKey = _options.KeyPrefix + key;
        return storeKey.Length <= KeyBytesMax / 3 || Encoding.UTF8.GetByteCount(storeKey) <= KeyBytesMax
            ? storeKey
            : $"{_options.KeyPrefix}sha256:{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";
    }

    private static async Task<bool> Done(Task task)
    {
        await task.ConfigureAwait(false);
        return true;
    }

    // The synchronous half of the interface, which ASP.NET Core does not call. On a thread of the pool, so that a caller with a synchronization context does not wait for itself.
    private static T Block<T>(Func<Task<T>> call)
    {
#pragma warning disable RS0030 // The interface has synchronous methods, and the client has none.
        return Task.Run(call).GetAwaiter().GetResult();
#pragma warning restore RS0030
    }
}
