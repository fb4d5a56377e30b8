using System.Net.ServerSentEvents;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>Events of a watch, from server-sent events.</summary>
internal static class WatchEvents
{
    /// <summary>The event; null for one that a later version of the service may add.</summary>
    /// <param name="item">The server-sent event.</param>
    /// <param name="state">A revision of the store that it is from.</param>
    /// <exception cref="KvStoreException">It is not an event of KvStore.</exception>
    public static KvWatchEvent? Of(SseItem<string> item, KvRevision state) => item.EventType switch
    {
        "change" => ChangedOf(Parse(item, Wire.Default.WireChanges), state),
        "entry" => new KvWatchEvent.Entry(Parse(item, Wire.Default.WireItem).ToEntry(state)),
        "synced" => new KvWatchEvent.Synced(state.WithNumber(Parse(item, Wire.Default.WireChanges).Revision)),
        "bookmark" => new KvWatchEvent.Bookmark(state.WithNumber(Parse(item, Wire.Default.WireChanges).Revision)),
        _ => null,
    };

    public static T Parse<T>(SseItem<string> item, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(item.Data, type) ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw new KvStoreException($"This version of the client cannot read an event of the watch. {exception.Message}", null, KvOutcome.NotApplied, exception);
        }
    }

    private static KvWatchEvent.Changed ChangedOf(WireChanges wire, KvRevision state) => new(state.WithNumber(wire.Revision), [.. (wire.Changes ?? []).Select(change => change.Type switch
    {
        "put" => new KvChange(KvChangeKind.Put, change.Key, change.ToEntry(state)),
        "expire" => new KvChange(KvChangeKind.Expire, change.Key, null),
        _ => new KvChange(KvChangeKind.Delete, change.Key, null),
    })]);
}
