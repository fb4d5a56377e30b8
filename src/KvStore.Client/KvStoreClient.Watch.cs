using System.Net.ServerSentEvents;
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
    /// <param name="cancellationToken">Ends the watch, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="KvRevisionGoneException">The watch fell behind the retained history, and <see cref="KvWatchOptions.IsInitial"/> is not set.</exception>
    public IAsyncEnumerable<KvWatchEvent> WatchPrefixAsync(string prefix, KvWatchOptions? options = null, CancellationToken cancellationToken = default) =>
        WatchAsync("prefix", prefix, options ?? new KvWatchOptions(), cancellationToken);

    /// <summary>Watches one key; see <see cref="WatchPrefixAsync"/>.</summary>
    /// <inheritdoc cref="WatchPrefixAsync"/>
    /// <param name="key">The key.</param>
    /// <param name="options">Where to begin; null begins now.</param>
    /// <param name="cancellationToken">Ends the watch, with an <see cref="OperationCanceledException"/>.</param>
    public IAsyncEnumerable<KvWatchEvent> WatchAsync(string key, KvWatchOptions? options = null, CancellationToken cancellationToken = default) =>
        WatchAsync("key", key, options ?? new KvWatchOptions(), cancellationToken);

    private async IAsyncEnumerable<KvWatchEvent> WatchAsync(
        string parameter, string text, KvWatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = options.IsInitial ? null : options.After;
        for (var retry = 0; ; retry++)
        {
            if (retry > 0)
                await Task.Delay(_options.DelayBefore(retry - 1, null), cancellationToken).ConfigureAwait(false);
            await using var connection = await ConnectAsync(parameter, text, options, position, cancellationToken).ConfigureAwait(false);
            if (connection is null)
            {
                // Behind the retained history: begin again with the existing entries.
                position = null;
                continue;
            }

            // A watch that begins now must resume from here even if no event arrives before the connection breaks.
            position ??= options.IsInitial ? null : connection.Revision;
            if (position is null)
                yield return new KvWatchEvent.Reset();
            while (await connection.ReadAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                if (item.EventType == "gone" && !options.IsInitial)
                    throw new KvRevisionGoneException(JsonSerializer.Deserialize(item.Data, Wire.Default.WireProblem)!);
                if (item.EventType == "gone")
                {
                    position = null;
                    break;
                }

                var watchEvent = EventOf(item);
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

    // Null if the position is no longer retained and the watch may begin again.
    private async Task<WatchConnection?> ConnectAsync(string parameter, string text, KvWatchOptions options, long? position, CancellationToken cancellationToken)
    {
        var target = new QueryString("/v1/watch").Add(parameter, text).Add("values", options.WithValues ? null : "false")
            .Add("from", position).Add("initial", options.IsInitial && position is null ? "true" : null).ToString();
        try
        {
            var response = await SendAsync(() => Request(HttpMethod.Get, target), isSafe: true, int.MaxValue, cancellationToken).ConfigureAwait(false);
            return new WatchConnection(response, RevisionOf(response), await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _options.WatchSilenceMax);
        }
        catch (KvRevisionGoneException) when (options.IsInitial)
        {
            return null;
        }
    }

    // Null for events that a later version of the service may add.
    private static KvWatchEvent? EventOf(SseItem<string> item) => item.EventType switch
    {
        "change" => ChangedOf(JsonSerializer.Deserialize(item.Data, Wire.Default.WireChanges)!),
        "entry" => new KvWatchEvent.Entry(JsonSerializer.Deserialize(item.Data, Wire.Default.WireItem)!.ToEntry()),
        "synced" => new KvWatchEvent.Synced(JsonSerializer.Deserialize(item.Data, Wire.Default.WireChanges)!.Revision),
        "bookmark" => new KvWatchEvent.Bookmark(JsonSerializer.Deserialize(item.Data, Wire.Default.WireChanges)!.Revision),
        _ => null,
    };

    private static KvWatchEvent.Changed ChangedOf(WireChanges wire) => new(wire.Revision, [.. wire.Changes!.Select(change => change.Type switch
    {
        "put" => new KvChange(KvChangeKind.Put, change.Key, change.ToEntry()),
        "expire" => new KvChange(KvChangeKind.Expire, change.Key, null),
        _ => new KvChange(KvChangeKind.Delete, change.Key, null),
    })]);
}
