using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="RegionEndpoints"/>.</summary>
internal static class RegionApi
{
    private static readonly ApiSchema Pending = new("RegionPending", "Keys with changes that are not exchanged yet.",
        [Integer("to", "Those whose changes the region has yet to get."), Integer("from", "Those whose changes in the region are known, and have yet to come.")]);

    private static readonly ApiSchema Exchanges = new("RegionExchanges", "Exchanges of a value since this replica began to work for the region.",
        [Integer("exchanged", "Those that succeeded."), Integer("failed", "Those that failed; they are repeated.")]);

    private static readonly ApiSchema Error = new("RegionError", "What went wrong last.", [Time("occurred_at", "When."), Text("detail", "What.")]);

    private static readonly ApiSchema Conflict = new("RegionConflict", "A value that cannot be merged.",
        [Text("key", "Its key."), Time("found_at", "When that was found."), Text("reason", "Why.")]);

    private static readonly ApiSchema Conflicts = new("RegionConflicts", "Values that cannot be merged, until one of the two sides changes.",
        [Integer("count", "How many there are; at most 1,000 are counted."), Objects("items", "The oldest, at most 100.", Conflict)]);

    private static readonly ApiSchema Region = new("Region", "Another store, with which this one exchanges mergeable values.",
    [
        Text("name", "Its name."),
        Text("address", "Where it is reached."),
        Texts("prefixes", "What the keys start with."),
        Text("state", "`connected` while its changes are followed, `disconnected` while they cannot be, `standby` while another replica of this store does the work."),
        Time("connected_at", "Since when its changes are followed; null while they are not.").Nullable(),
        Time("last_contact_at", "When it answered last; null before that.").Nullable(),
        Number("lag_seconds", "How long the oldest change has been known that is not exchanged yet."),
        Object("pending", "Keys with changes that are not exchanged yet.", Pending),
        Object("exchanges", "Exchanges of a value since this replica began to work for the region.", Exchanges),
        Object("last_error", "What went wrong last; null if nothing did.", Error).Nullable(),
        Object("conflicts", "Values that cannot be merged.", Conflicts),
    ]);

    private static readonly ApiSchema All = new("Regions", "The regions.", [Objects("regions", "The regions, by name.", Region)]);

    public static readonly ApiOperation List = new("getRegions", ApiTags.Operations, "List the regions",
        "Other stores, with which this one exchanges mergeable values below some prefixes: whether they are reached, how far they lag, and which values cannot be merged.")
    {
        Rights = Rights.Admin,
        Responses = [new(200, "The regions.") { Contents = [new ApiContent(ContentTypes.Json, All, new JsonObject { ["regions"] = new JsonArray(Example()) })] }],
    };

    private static JsonObject Example() => new()
    {
        ["name"] = "west",
        ["address"] = "https://west.example.com/",
        ["prefixes"] = new JsonArray("shared/"),
        ["state"] = "connected",
        ["connected_at"] = "2026-01-31T12:00:00.123Z",
        ["last_contact_at"] = "2026-01-31T12:30:00.123Z",
        ["lag_seconds"] = 0,
        ["pending"] = new JsonObject { ["to"] = 0, ["from"] = 0 },
        ["exchanges"] = new JsonObject { ["exchanged"] = 120, ["failed"] = 0 },
        ["last_error"] = null,
        ["conflicts"] = new JsonObject { ["count"] = 0, ["items"] = new JsonArray() },
    };
}
