using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="OriginEndpoints"/>.</summary>
internal static class OriginApi
{
    private static readonly ApiSchema Workers = new("OriginWorkers", "Workers, each of which makes one call at a time.",
        [Integer("now", "How many there are."), Integer("busy", "How many make a call."), Integer("min", "`Workers:Min`."), Integer("max", "`Workers:Max`.")]);

    private static readonly ApiSchema Tokens = new("OriginTokens", "Tokens, one of which each call takes.",
    [
        Integer("now", "How many calls can be made at once."), Number("per_second", "`Tokens:PerSecond`; 0 for no limit."), Integer("burst", "`Tokens:Burst`."),
        Number("paused_seconds", "For how long no call is made, because the origin asked for fewer."),
    ]);

    private static readonly ApiSchema Requests = new("OriginRequests", "Reads of single keys by this replica since it started, by how they were answered.",
        [Integer("hit", "From what was stored, and fresh."), Integer("stale", "From what was stored, and stale."), Integer("loaded", "After a load."), Integer("failed", "With an error, because the load failed.")]);

    private static readonly ApiSchema Loads = new("OriginLoads", "Loads by this replica since it started.",
    [
        Integer("calls", "Calls of the origin."), Integer("repeated_calls", "Those that repeated a failed one."), Integer("found", "Loads that found a value."),
        Integer("not_modified", "Loads that found the value unchanged."), Integer("absent", "Loads that found nothing."), Integer("failed", "Loads that failed."),
        Integer("collapsed", "Requests that waited for a load of another."),
    ]);

    private static readonly ApiSchema Journal = new("OriginJournal", "Calls of the origin that this replica has logged since it started.",
        [Integer("written", "Calls that were written."), Integer("dropped", "Calls that were not: too many came at a time, or the files could not be written.")]);

    private static readonly ApiSchema Notifications = new("OriginNotifications", "Notifications of a database.",
    [
        Text("channel", "`Sql:NotifyChannel`."), Flag("connected", "Whether this replica listens to it."), Integer("connections", "Connections since the start. After each, everything is invalid once."),
        Integer("received", "Notifications since the start."),
    ]);

    private static readonly ApiSchema Outbox = new("OriginOutbox", "Writes that the origin has yet to get.",
    [
        Integer("pending", "Keys that wait for their delivery."), Integer("parked", "Keys that are not delivered any more."), Integer("entries_max", "`Outbox:EntriesMax`."),
        Number("age_seconds", "How long the oldest has waited that is not parked."), Integer("delivered", "Deliveries by this replica since it started that the origin accepted."), Integer("failed", "Those that failed."),
    ]);

    private static readonly ApiSchema Origin = new("Origin", "An origin, as this replica sees it.",
    [
        Text("name", "Its name."),
        Text("prefix", "What its keys start with."),
        Text("writes", "What writes of clients do: `refuse`, `local`, `through` or `behind`."),
        Integer("known_keys", "Keys that something is known of: values, and absences that are remembered."),
        Object("workers", "Workers, each of which makes one call at a time.", Workers),
        Object("tokens", "Tokens, one of which each call takes.", Tokens),
        Text("breaker", "`closed`, or `open` while the origin is not called because it has failed."),
        Integer("queued", "Loads that wait for a worker."),
        Integer("loading", "Loads in progress, the queued ones included."),
        Integer("waiters", "Requests that wait for loads."),
        Object("requests", "Reads of single keys by this replica since it started, by how they were answered.", Requests),
        Number("hit_ratio", "The part of them that needed no load; null before the first.").Nullable(),
        Object("loads", "Loads by this replica since it started.", Loads),
        Object("journal", "Calls that this replica has logged since it started; absent without `Journal`.", Journal).Optional(),
        Object("notifications", "Notifications of the database; absent without `Sql:NotifyChannel`.", Notifications).Optional(),
        Object("outbox", "Writes that the origin has yet to get; absent unless `writes` is `behind`.", Outbox).Optional(),
    ]);

    private static readonly ApiSchema All = new("Origins", "The origins.", [Objects("origins", "The origins, by name.", Origin)]);

    private static readonly ApiSchema Keys = new("OriginKeys", "Keys of the origin.", [Texts("keys", "The keys, at most 1,000.")]);

    public static readonly ApiSchema KeysOrPrefix = new("OriginKeysOrPrefix", "Keys of the origin, or a prefix.",
        [Texts("keys", "The keys, at most 1,000.").Optional(), Text("prefix", "What the keys start with; give this or `keys`.").Optional()]);

    private static readonly ApiSchema Revision = new("Invalidated", "The commit.", [Integer("revision", "Its revision. What was loaded before it is not served after it.")]);

    private static readonly ApiSchema Loading = new("LoadsBegun", "What became of the keys.", [Integer("loading", "Keys whose load has begun, or was in progress."), Integer("refused", "Keys that are not loaded now, because too many wait or the origin is not called.")]);

    private static readonly ApiParameter Name = new("name", ParameterLocation.Path, JsonSchemaType.String, "The name of the origin.", "acme");

    private static readonly ApiResponse NotFound = new(404, "No origin has this name.") { SharedAs = "NoSuchOrigin", Problem = OriginProblems.NoSuchOrigin("acme") };

    public static readonly ApiOperation List = new("getOrigins", ApiTags.Operations, "List the origins",
        "The origins that keys of some prefixes are loaded from, and how they do: workers, tokens, hit ratio.")
    {
        Rights = Rights.Admin,
        Responses = [new(200, "The origins.") { Contents = [new ApiContent(ContentTypes.Json, All, new JsonObject { ["origins"] = new JsonArray(Example()) })] }],
    };

    public static readonly ApiOperation Read = new("getOrigin", ApiTags.Operations, "Read how an origin does", "The same for one origin.")
    {
        Rights = Rights.Admin,
        Parameters = [Name],
        Responses = [new(200, "The origin.") { Contents = [new ApiContent(ContentTypes.Json, Origin, Example())] }, NotFound],
    };

    public static readonly ApiOperation Invalidate = new("invalidateOrigin", ApiTags.Origins, "Invalidate keys or a prefix",
        "What was loaded before is not served after this: a read loads it again. Loads in progress are void. It takes the same time for any number of keys below a prefix.")
    {
        Rights = Rights.Write,
        Parameters = [Name],
        Body = new ApiBody("The keys, or a prefix.", Required: true, [new ApiContent(ContentTypes.Json, KeysOrPrefix, new JsonObject { ["keys"] = new JsonArray("rates/acme/1") })]),
        Responses =
        [
            new(200, "They are invalid.") { Headers = [ApiParts.StoreRevision], Contents = [new ApiContent(ContentTypes.Json, Revision, new JsonObject { ["revision"] = 7 })] },
            NotFound,
            ApiParts.SlowBody,
            ApiParts.TooLarge,
            ApiParts.NotJson,
            .. WriteApi.Rejections.Where(response => response.Status != StatusCodes.Status422UnprocessableEntity),
        ],
    };

    public static readonly ApiOperation Load = new("loadOrigin", ApiTags.Origins, "Load keys",
        "Has the keys loaded, fresh or not, and does not wait for that. Loads of it that are in progress count.")
    {
        Rights = Rights.Read,
        Parameters = [Name],
        Body = new ApiBody("The keys.", Required: true, [new ApiContent(ContentTypes.Json, Keys, new JsonObject { ["keys"] = new JsonArray("rates/acme/1") })]),
        Responses =
        [
            new(202, "Loads have begun.") { Headers = [ApiParts.StoreRevision], Contents = [new ApiContent(ContentTypes.Json, Loading, new JsonObject { ["loading"] = 1, ["refused"] = 0 })] },
            NotFound,
            ApiParts.SlowBody,
            ApiParts.TooLarge,
            ApiParts.NotJson,
            ApiParts.Loading,
        ],
    };

    private static JsonObject Example() => new()
    {
        ["name"] = "acme",
        ["prefix"] = "rates/acme/",
        ["writes"] = "refuse",
        ["known_keys"] = 2,
        ["workers"] = new JsonObject { ["now"] = 2, ["busy"] = 0, ["min"] = 2, ["max"] = 32 },
        ["tokens"] = new JsonObject { ["now"] = 40, ["per_second"] = 20, ["burst"] = 40, ["paused_seconds"] = 0 },
        ["breaker"] = "closed",
        ["queued"] = 0,
        ["loading"] = 0,
        ["waiters"] = 0,
        ["requests"] = new JsonObject { ["hit"] = 98, ["stale"] = 0, ["loaded"] = 2, ["failed"] = 0 },
        ["hit_ratio"] = 0.98,
        ["loads"] = new JsonObject { ["calls"] = 2, ["repeated_calls"] = 0, ["found"] = 2, ["not_modified"] = 0, ["absent"] = 0, ["failed"] = 0, ["collapsed"] = 0 },
        ["journal"] = new JsonObject { ["written"] = 2, ["dropped"] = 0 },
    };
}
