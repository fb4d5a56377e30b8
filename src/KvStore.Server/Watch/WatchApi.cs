using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="WatchEndpoints"/>.</summary>
internal static class WatchApi
{
    public static readonly ApiOperation Watch = new("watch", ApiTags.Watch, "Watch a key or a prefix",
        "Streams Server-Sent Events until the client disconnects: one `change` event per revision, in order, none missing, none repeated. "
        + "A browser's `EventSource` sends the `id` of the last event as `Last-Event-ID` when it reconnects, and resumes there.\n\n"
        + "With `initial=true` there is first an `entry` event for each existing entry, then `synced`: list and watch in one request. "
        + "After 10 s of silence there is a `bookmark`: no further change up to that revision. `gone` means that the next change has left the history, `revoked` that the key is no longer valid; the stream ends. "
        + "`reconnect` means that the service is stopping; the stream ends, and a client that connects again resumes there.\n\n"
        + "*Execute* shows the last 64 KiB of events as they arrive, and *Clear* ends the watch.")
    {
        Rights = Rights.Read,
        Holds = HeldPlace.Watcher,
        Parameters =
        [
            new("key", ParameterLocation.Query, JsonSchemaType.String, "The key to watch. Give this or `prefix`."),
            new("prefix", ParameterLocation.Query, JsonSchemaType.String, "Watch all keys that start with this; empty for every key.") { Example = Examples.Prefix },
            new("after", ParameterLocation.Query, JsonSchemaType.String, "Start after this position: a revision, such as the one of a listing, or the `id` of an event. Without it, start now."),
            new("initial", ParameterLocation.Query, JsonSchemaType.Boolean, "Whether to send the current entries first; not with `after`.") { Default = false },
            new("values", ParameterLocation.Query, JsonSchemaType.Boolean, "Whether events have values: each as `json`, `text` or `base64`.") { Default = true },
            ReadApi.Consistency,
            ReadApi.MinRevision,
            new("Last-Event-ID", ParameterLocation.Header, JsonSchemaType.String, "Resume after the event with this id. Replaces `after` and `initial`."),
        ],
        Responses =
        [
            new(200, "The events, until the client leaves or the service stops.") { Headers = [ApiParts.StoreRevision, ApiParts.StateAge], Contents = [new ApiContent(WatchEvents.ContentType, null, Example)] },
            ApiParts.Gone,
            ApiParts.TooManyWatchers,
            ReadApi.Unavailable,
        ],
    };

    private const string Example = """
        event: change
        id: 5f0c2a9e4b7d1836.7
        data: {"revision":7,"changes":[{"type":"put","key":"example/ada","revision":7,"created_revision":3,"version":2,"content_type":"application/json","size":30,"modified_at":"2026-01-31T12:00:00.123Z","json":{"name":"Ada","city":"London"}}]}


        """;
}
