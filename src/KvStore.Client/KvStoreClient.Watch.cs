using System.Runtime.CompilerServices;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    /// <summary>
    /// Watches all keys that start with a prefix, until it is cancelled. The watch reconnects and resumes on its own: each change is delivered
    /// once and none is missed.
    /// </summary>
    /// <param name="prefix">The prefix; empty for every key.</param>
    /// <param name="options">Where to begin; null begins now.</param>
    /// <param name="cancellationToken">Ends the watch at once, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="KvRevisionGoneException">
    /// The watch fell behind the retained history, or the store started over or was replaced by another, and
    /// <see cref="KvWatchOptions.IsInitial"/> is not set.
    /// </exception>
    /// <exception cref="KvStoreException">The watch could not begin, or was answered by something other than KvStore.</exception>
    public IAsyncEnumerable<KvWatchEvent> WatchPrefixAsync(string prefix, KvWatchOptions? options = null, CancellationToken cancellationToken = default) =>
        WatchAsync("prefix", Arguments.Text(prefix), options ?? new KvWatchOptions(), cancellationToken);

    /// <summary>Watches one key; see <see cref="WatchPrefixAsync"/>.</summary>
    /// <inheritdoc cref="WatchPrefixAsync"/>
    /// <param name="key">The key.</param>
    /// <param name="options">Where to begin; null begins now.</param>
    /// <param name="cancellationToken">Ends the watch at once, with an <see cref="OperationCanceledException"/>.</param>
    public IAsyncEnumerable<KvWatchEvent> WatchAsync(string key, KvWatchOptions? options = null, CancellationToken cancellationToken = default) =>
        WatchAsync("key", Arguments.Key(key), options ?? new KvWatchOptions(), cancellationToken);

    private async IAsyncEnumerable<KvWatchEvent> WatchAsync(
        string parameter, string text, KvWatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, this);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        var events = WatchWithoutEndAsync(parameter, text, options, ending.Token).GetAsyncEnumerator(CancellationToken.None);
        await using var _ = events.ConfigureAwait(false);
        while (true)
        {
            try
            {
                await events.MoveNextAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new ObjectDisposedException(nameof(KvStoreClient));
            }

            yield return events.Current;
        }
    }

    private async IAsyncEnumerable<KvWatchEvent> WatchWithoutEndAsync(
        string parameter, string text, KvWatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = options.After;
        var hasBegun = false;
        for (var retry = 0; ; retry++)
        {
            if (retry > 0)
                await Task.Delay(_options.DelayBefore(retry - 1, null), _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            var connection = await ConnectAsync(parameter, text, options, position, hasBegun, cancellationToken).ConfigureAwait(false);
            if (connection is null)
            {
                // The position is not in this store's history: begin again with the existing entries.
                position = null;
                continue;
            }

            await using var __ = connection.ConfigureAwait(false);
            hasBegun = true;

            // A watch that begins now must resume from here even if no event arrives before the connection breaks.
            position = position is { } resumed ? connection.Revision.WithNumber(resumed.Number) : options.IsInitial ? null : connection.Revision;
            if (position is null)
                yield return new KvWatchEvent.Reset();
            while (await connection.ReadAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                if (item.EventType == "gone" && !options.IsInitial)
                    throw new KvRevisionGoneException(WatchEvents.Parse(item, Wire.Default.WireProblem));
                if (item.EventType == "gone")
                {
                    position = null;
                    break;
                }

                var watchEvent = WatchEvents.Of(item, connection.Revision);
                position = watchEvent switch
                {
                    KvWatchEvent.Changed changed => changed.Revision,
                    KvWatchEvent.Synced synced => synced.Revision,
                    KvWatchEvent.Bookmark bookmark => bookmark.Revision,
                    _ => position,
                };
                retry = 0;
                if (watchEvent is not null)
                    yield return watchEvent;
            }
        }
    }

    // Null if the position is not in the history of the store, and the watch may begin again.
    private async Task<WatchConnection?> ConnectAsync(
        string parameter, string text, KvWatchOptions options, KvRevision? position, bool hasBegun, CancellationToken cancellationToken)
    {
        var target = new QueryString("/v1/watch").Add(parameter, text).Add("values", options.WithValues ? null : "false")
            .Add("after", position?.Number).Add("initial", options.IsInitial && position is null ? "true" : null).ToString();
        var call = new Call(HttpMethod.Get, target) { StoreId = position?.StoreId, IsStream = true, IsEndless = hasBegun };
        try
        {
            var answer = await SendAsync(call, answer => answer, cancellationToken).ConfigureAwait(false);
            if (position is { } resumed && answer.Revision.IsOfAnotherStoreThan(resumed))
            {
                answer.Response.Dispose();
                throw new KvRevisionGoneException(new WireProblem(Detail: "The revision is of another store than the one that answers now. Begin again."));
            }

            return new WatchConnection(answer, await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _options, cancellationToken);
        }
        catch (KvRevisionGoneException) when (options.IsInitial && position is not null)
        {
            return null;
        }
    }
}
