using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="BatchEndpoints"/>.</summary>
internal static class BatchApi
{
    private static readonly ApiSchema Keys = new("Batch", "Keys.", [Texts("keys", "The keys to read, at most 1,000.")]);

    private static readonly ApiSchema Failed = new("FailedKey", "A key that could not be loaded.", [Text("key", "The key."), Text("type", "The problem that a GET would get."), Text("detail", "What happened.")]);

    private static readonly ApiSchema Entries = new("BatchResult", "Entries of one snapshot.",
    [
        Integer("revision", "The revision of the snapshot."),
        Objects("items", "The entries, in the order of the keys.", ApiParts.Item),
        Texts("missing", "Keys that have no entry."),
        Texts("pending", "With `wait`: keys that are still being loaded.").Optional(),
        Objects("errors", "With `wait`: keys that could not be loaded.", Failed).Optional(),
    ]);

    private static readonly ApiParameter Wait = new(BatchEndpoints.WaitParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Load keys that come from an origin and are absent or stale, all at once, and wait for them up to this many seconds. Without it the answer has what is stored.")
    { Minimum = "0", Maximum = "60" };

    public static readonly ApiOperation Get = new("getBatch", ApiTags.Bulk, "Read several entries",
        "Reads up to 1,000 keys from one snapshot. `items` has the entries with their values in the order in which they were asked for; `missing` lists the keys without an entry. "
        + "With `wait` and `Accept: application/x-ndjson` each entry is a line as soon as it is loaded, and the last line has the rest.")
    {
        Rights = Rights.Read,
        Parameters = [.. ReadApi.State, Wait],
        Body = new ApiBody("The keys.", Required: true, [new ApiContent(ContentTypes.Json, Keys, new JsonObject { ["keys"] = new JsonArray(Examples.Entry, Examples.Counter) })]),
        Responses =
        [
            new(200, "The entries.") { Headers = [ApiParts.StoreRevision, ApiParts.StateAge], Contents = [new ApiContent(ContentTypes.Json, Entries, Result), new ApiContent(ContentTypes.Lines, null, Examples.Item.ToJsonString() + "\n{\"missing\":[\"example/counter\"],\"pending\":[],\"errors\":[]}\n")] },
            ApiParts.SlowBody,
            ApiParts.Gone,
            new(413, "The request or the answer is larger than the limit.") { Problem = Problems.BatchTooLarge(5_000_000, 4 << 20) },
            ApiParts.NotJson,
            ReadApi.Unavailable,
        ],
    };

    private static JsonObject Result => new() { ["revision"] = 7, ["items"] = new JsonArray(Examples.Item), ["missing"] = new JsonArray(Examples.Counter) };
}
