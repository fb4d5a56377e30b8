using System.Net;

namespace KvStore.Client;

/// <content>What is known of one key without its value, and waiting for its next change.</content>
public sealed partial class KvStoreClient
{
    // Well below the service's limit (WaitMax, 60 s), and below the idle timeouts of proxies.
    private static readonly TimeSpan PollMax = TimeSpan.FromSeconds(30);

    /// <summary>Whether a key has an entry, without reading its value. An entry of an origin is loaded as by <see cref="GetAsync"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<bool> ExistsAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        return await GetMetadataAsync(key, options, cancellationToken).ConfigureAwait(false) is not null;
    }

    /// <summary>Reads what is known of an entry without its value: <see cref="KvEntry.HasValue"/> is false. An entry of an origin is loaded as by <see cref="GetAsync"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The entry; null if there is none.</returns>
    public async Task<KvEntry?> GetMetadataAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Latest;
        var query = new QueryString(QueryString.PathOf(EntryPath, key));
        options.AddTo(query);
        var call = new Call(HttpMethod.Head, query.ToString()) { StoreId = options.StoreId, CacheControl = options.Freshness?.ToHeader(), AllowsAbsence = true };
        return await SendAsync<KvEntry?>(call, answer => MetadataOf(key, answer), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives an entry a new expiry, and leaves its value as it is. The entry has a new revision.</summary>
    /// <param name="key">The key.</param>
    /// <param name="timeToLive">How long until the entry expires, in whole seconds, rounded up; null for never.</param>
    /// <param name="options">Conditions; null for none. Its lifetime does not apply.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The revision of the change; null if the key has no entry.</returns>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    public async Task<KvRevision?> TouchAsync(string key, TimeSpan? timeToLive, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        var ttl = new KvWriteOptions { TimeToLive = timeToLive }.TimeToLiveSeconds ?? "none";
        var call = new Call(HttpMethod.Patch, new QueryString(QueryString.PathOf(EntryPath, key)).Add("ttl", ttl).ToString()) { AllowsAbsence = true };
        return await WriteAsync<KvRevision?>(call, options ?? Always, answer => answer.Revision, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until an entry is written or deleted.</summary>
    /// <param name="key">The key.</param>
    /// <param name="wait">The longest wait, of any length.</param>
    /// <param name="after">Ends at once if there was a change after this revision, such as that of the entry that was read, or of the last wait; null for changes after the call has begun.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="KvRevisionGoneException">The revision is no longer retained, or of another store. Read the entry and begin again.</exception>
    public async Task<KvWaitResult> WaitAsync(string key, TimeSpan wait, KvRevision? after = null, CancellationToken cancellationToken = default)
    {
        var start = _options.TimeProvider.GetTimestamp();
        var position = after ?? (await PollAsync(key, TimeSpan.Zero, null, cancellationToken).ConfigureAwait(false)).Revision;
        while (true)
        {
            var left = wait - _options.TimeProvider.GetElapsedTime(start);
            var result = await PollAsync(key, left < PollMax ? left : PollMax, position, cancellationToken).ConfigureAwait(false);
            if (result.HasChanged || left <= PollMax)
                return result;
            position = result.Revision;
        }
    }

    private async Task<KvWaitResult> PollAsync(string key, TimeSpan wait, KvRevision? after, CancellationToken cancellationToken)
    {
        var milliseconds = (long)Math.Max(0, wait.TotalMilliseconds);
        var target = new QueryString(QueryString.PathOf(EntryPath, key)).Add("wait", string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms")).Add("after", after?.Number).ToString();
        var call = new Call(HttpMethod.Get, target) { StoreId = after?.StoreId, AllowsUnchanged = true, Wait = TimeSpan.FromMilliseconds(milliseconds) };
        try
        {
            return await SendAsync(call, ResultOf, cancellationToken).ConfigureAwait(false);
        }
        catch (KvStoreException failure) when (failure is { IsAbsence: true, StateRevision: { } revision })
        {
            return new KvWaitResult(true, null, revision);
        }

        KvWaitResult ResultOf(Answer answer) => answer.Status == HttpStatusCode.NotModified
            ? new KvWaitResult(false, null, answer.Revision)
            : new KvWaitResult(true, EntryOf(key, answer), answer.Revision);
    }
}
