using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="WatchEndpoints"/>.</summary>
internal static class WatchApi
{
    public static readonly ApiOperation Watch = new("watch", ApiParts.WatchTag, "Watch a key or a prefix",
        "Answers with Server-Sent Events as long as the client stays: one `change` event per revision, in order, none missing, none repeated. "
        + "`id` is the revision; a browser's `EventSource` sends the last one as `Last-Event-ID` when it reconnects, and resumes there. "
        + "With `initial=true` there is first an `entry` event for each entry, then `synced`: list and watch in one request. "
        + "After 10 s of silence there is a `bookmark` with the revision up to which there are no further changes. `gone` means that the next changes have left the history; the stream ends. "
        + "Try it out shows the events as they come, the last 64 KiB of them; Clear ends the stream.")
    {
        Parameters =
        [
            new("key", ParameterLocation.Query, JsonSchemaType.String, "The key to watch. Give this or `prefix`."),
            new("prefix", ParameterLocation.Query, JsonSchemaType.String, "Watch all keys that start with this; empty for every key.") { Example = "user/" },
            new("from", ParameterLocation.Query, JsonSchemaType.Integer, "Start after this revision, such as the one of a listing. Without it, start now.") { Minimum = "0" },
            new("initial", ParameterLocation.Query, JsonSchemaType.Boolean, "Whether to send the current entries first.") { Default = false },
            new("values", ParameterLocation.Query, JsonSchemaType.Boolean, "Whether events have values: each as `json`, `text` or `base64`.") { Default = true },
            ReadApi.Consistency,
            ReadApi.MinRevision,
            new("Last-Event-ID", ParameterLocation.Header, JsonSchemaType.String, "Resume after the event with this id. Replaces `from` and `initial`."),
        ],
        Responses =
        [
            new(200, "The events, until the client leaves or the service stops.") { Headers = [ApiParts.StoreRevision], Contents = [new ApiContent(WatchEvents.ContentType, null, Example)] },
            ApiParts.Malformed("key"),
            ApiParts.Gone,
            ApiParts.TooManyWatchers,
            ReadApi.Unavailable,
        ],
    };

    private const string Example = """
        event: change
        id: 7
        data: {"revision":7,"changes":[{"type":"put","key":"user/42/name","revision":7,"created_revision":3,"version":2,"content_type":"text/plain","size":3,"modified_at":"2026-01-31T12:00:00.123Z","text":"Ada"}]}


        """;
}
