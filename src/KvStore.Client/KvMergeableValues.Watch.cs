using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using KvStore.Crdt;

namespace KvStore.Client;

/// <content>Watches of one value.</content>
public sealed partial class KvMergeableValues
{
    /// <summary>Watches a value for those who keep a replica of it on their own. The watch reconnects on its own and begins with what the replica lacks then; it ends after <see cref="KvMergeableEvent.Deleted"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="since">
    /// What the replica has, such as <c>() =&gt; replica.Version</c>; null, or a function that returns it, for nothing. Called for each connection, when the events before it have been handled.
    /// </param>
    /// <param name="cancellationToken">Ends the watch at once, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="KvMergeException">The key has an entry that is no mergeable value, or the version is older than what was collected (410): begin with the full state.</exception>
    /// <exception cref="KvStoreException">The key has no value (404), or the watch could not begin.</exception>
    public async IAsyncEnumerable<KvMergeableEvent> WatchAsync(
        string key, Func<VersionVector?>? since = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _client.Ended);
        var hasBegun = false;
        for (var retry = 0; ; retry++)
        {
            if (retry > 0)
                await Task.Delay(_client.Options.DelayBefore(retry - 1, null), _client.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
            WatchConnection? connection = null;
            try
            {
                connection = await ConnectAsync(key, since?.Invoke(), isSingle: false, isEndless: hasBegun, ending.Token).ConfigureAwait(false);
            }
            catch (KvStoreException failure) when (hasBegun && failure.IsAbsence)
            {
                // It was deleted while the watch was not connected.
            }

            if (connection is null)
            {
                yield return new KvMergeableEvent.Deleted();
                yield break;
            }

            await using var _ = connection.ConfigureAwait(false);
            hasBegun = true;
            while (await ReadAsync(connection).ConfigureAwait(false) is { } item)
            {
                if (EventOf(item, connection.Revision) is not { } watchEvent)
                    continue;
                retry = 0;
                yield return watchEvent;
                if (watchEvent is KvMergeableEvent.Deleted)
                    yield break;
            }
        }

        async Task<SseItem<string>?> ReadAsync(WatchConnection connection)
        {
            try
            {
                return await connection.ReadAsync(ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new ObjectDisposedException(nameof(KvStoreClient));
            }
        }
    }

    /// <summary>Opens one connection of a watch.</summary>
    internal async Task<WatchConnection> ConnectAsync(string key, VersionVector? since, bool isSingle, bool isEndless, CancellationToken cancellationToken)
    {
        var target = new QueryString(PathOf(key)).Add("watch", "true").Add("since", since?.ToString()).ToString();
        var call = new Call(HttpMethod.Get, target) { IsStream = true, IsSingle = isSingle, IsEndless = isEndless };
        var answer = await _client.SendAsync(call, answer => answer, cancellationToken).ConfigureAwait(false);
        return new WatchConnection(answer, await answer.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _client.Options, cancellationToken);
    }

    /// <summary>The event; null for one that a later version of the service may add.</summary>
    internal static KvMergeableEvent? EventOf(SseItem<string> item, KvRevision state) => item.EventType switch
    {
        "delta" => DeltaOf(WatchEvents.Parse(item, Wire.Default.WireMergeable), state),
        "sync" => new KvMergeableEvent.Collected(),
        "delete" => new KvMergeableEvent.Deleted(),
        _ => null,
    };

    private static KvMergeableEvent.Delta DeltaOf(WireMergeable wire, KvRevision state)
    {
        try
        {
            return new(state.WithNumber(wire.Revision), CrdtTypeNames.Parse(wire.Type), wire.VersionOrNull, wire.Bytes);
        }
        catch (FormatException exception)
        {
            throw new KvStoreException($"This version of the client cannot read an event of the watch. {exception.Message}", null, KvOutcome.NotApplied, exception);
        }
    }
}
