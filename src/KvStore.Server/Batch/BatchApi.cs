using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="BatchEndpoints"/>.</summary>
internal static class BatchApi
{
    private static readonly ApiSchema Keys = new("Batch", "Keys.", [Texts("keys", "The keys to read, at most 1,000.")]);

    private static readonly ApiSchema Entries = new("BatchResult", "Entries of one snapshot.",
    [
        Integer("revision", "The revision of the snapshot."),
        Objects("items", "The entries, in the order of the keys.", ApiParts.Item),
        Texts("missing", "Keys that have no entry."),
    ]);

    public static readonly ApiOperation Get = new("getBatch", ApiTags.Bulk, "Read several entries",
        "Reads up to 1,000 keys from one snapshot. `items` has the entries with their values in key order; `missing` lists the keys without an entry.")
    {
        Rights = Rights.Read,
        Parameters = ReadApi.State,
        Body = new ApiBody("The keys.", Required: true, [new ApiContent(ContentTypes.Json, Keys, new JsonObject { ["keys"] = new JsonArray(Examples.Entry, Examples.Counter) })]),
        Responses =
        [
            new(200, "The entries.") { Headers = [ApiParts.StoreRevision, ApiParts.StateAge], Contents = [new ApiContent(ContentTypes.Json, Entries, Result)] },
            ApiParts.SlowBody,
            ApiParts.Gone,
            new(413, "The request or the answer is larger than the limit.") { Problem = Problems.BatchTooLarge(5_000_000, 4 << 20) },
            ApiParts.NotJson,
            ReadApi.Unavailable,
        ],
    };

    private static JsonObject Result => new() { ["revision"] = 7, ["items"] = new JsonArray(Examples.Item), ["missing"] = new JsonArray(Examples.Counter) };
}
