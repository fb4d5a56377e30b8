using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="MergeableEndpoints"/>.</summary>
internal static class MergeableApi
{
    private const string ExampleVersion = "AAEBAAAAAAAAAAE";

    private static readonly ApiSchema Answer = new("MergeAnswer", "What became of a change, or what a replica lacks.",
    [
        Integer("revision", "The revision of the entry: its ETag without the quotes."),
        Text("type", "`g-counter`, `pn-counter`, `g-set`, `or-set` or `text`; absent if a repeated request finds the value deleted.").Optional(),
        Text("version", "What the value includes, to be sent as `since`, `context`, `base` or `version`; absent like the type.").Optional(),
        Text("lineage", "Which creation of the value it is: 16 hexadecimal digits; for replicas.").Optional(),
        Text("hub", "The store that collects garbage; with the full state, or what a version lacks.").Optional(),
        Number("value", "The number of a counter; absent with other types.").Optional(),
        Text("delta", "What the client lacks, in base64; absent if it has not asked, or lacks nothing, or if the memory for answers is full after an intent: read it.").Optional(),
    ]);

    private static readonly ApiSchema Edit = ApiSchema.Closed("An edit of a text; a deletion comes before an insertion.",
        Integer("at", "The position in Unicode scalars, in the text as the edits before left it."),
        Text("insert", "What is inserted there.").Optional(),
        Integer("delete", "How many scalars are deleted there.").Optional());

    private static readonly ApiSchema Intent = new("Intent", "One change; which one depends on the type.", [])
    {
        Alternatives =
        [
            ApiSchema.Closed("Of a counter.", Integer("increment", "What is added; less than 0 only with a pn-counter.")),
            ApiSchema.Closed("Of a set; one of the two lists may be absent.",
                Texts("add", "Elements to add.").Optional(),
                Texts("remove", "Elements to remove; of an or-set.").Optional(),
                Text("context", "The version that the removals have seen: what was added since stays.").Optional()),
            ApiSchema.Closed("Of a text.",
                Objects("edits", "The edits, in their order.", Edit),
                Text("base", "The version that their positions are of; without it they are of the present text.").Optional()),
        ],
    };

    private static readonly ApiSchema Replica = ApiSchema.Closed("What a client has that keeps a replica.",
        Text("replica", "The id of the replica: 16 hexadecimal digits.").Optional(),
        Text("version", "What it includes after its own changes. The answer has what it lacks, and the service knows what it has.").Optional(),
        Text("delta", "What it has done, or its state, in base64.").Optional(),
        Text("lineage", "Which creation of the value it has: if the value is another one, it is 409 and nothing is acknowledged.").Optional(),
        Text("hub", "The store that collects garbage, for a value that this makes; without it the one that makes it.").Optional());

    private static readonly ApiParameter Key = ApiParts.Key with { Example = Examples.Mergeable };

    private static readonly ApiParameter Since = new(VersionText.Since, ParameterLocation.Query, JsonSchemaType.String, "The version that the client has: the answer has what it lacks.");

    private static readonly ApiHeader Version = new(ResponseHeaders.Version, JsonSchemaType.String, "What the value includes; absent if it is longer than 4 KiB.", ExampleVersion) { IsOptional = true };

    private static readonly ApiHeader Vary = new("Vary", JsonSchemaType.String, "The form depends on `Accept`.", "Accept") { IsOptional = true };

    private static readonly ApiResponse Retired = new(410, "What the request refers to was collected, or the request belongs to another store; nothing was changed.")
    { Headers = [ApiParts.StoreRevision with { IsOptional = true }], Problem = MergeableProblems.Collected() };

    public static readonly ApiOperation Merge = new("mergeValue", ApiTags.Mergeable, "Change a mergeable value",
        "Merges a change into the value, so that no concurrent change is lost: as JSON an intent, which the service carries out, or as `application/vnd.kvstore.delta+json` what a client's own replica has done. "
        + "With `type` the value is made if it is absent. A merge that adds nothing commits nothing.")
    {
        Rights = Rights.Read | Rights.Write,
        Parameters =
        [
            Key,
            new(CrdtTypeText.Parameter, ParameterLocation.Query, JsonSchemaType.String, "Make the value with this type if it is absent; it must have it if it is there.") { Choices = CrdtTypeText.Names, Required = false, Example = "pn-counter" },
            Since,
            WriteApi.TtlOfExisting,
            .. WriteApi.Headers,
        ],
        Body = new ApiBody("The change.", Required: true,
        [
            new ApiContent(ContentTypes.Json, Intent, new JsonObject { ["increment"] = 1 }),
            new ApiContent(ContentTypes.Delta, Replica, new JsonObject { ["replica"] = "0123456789abcdef", ["version"] = "AAA" }),
        ]),
        Responses =
        [
            new(200, "The change is merged, or there was nothing to change.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, Version, WriteApi.Replayed], Contents = [new ApiContent(ContentTypes.Json, Answer, AnswerExample)] },
            new(201, "The value was made, with the change.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, Version, WriteApi.Replayed], Contents = [new ApiContent(ContentTypes.Json, Answer, AnswerExample)] },
            ApiParts.MalformedKey,
            ApiParts.NotFound with { SharedAs = null, Description = "The key has no entry, and the request no type to make one with." },
            ApiParts.SlowBody,
            new(409, "The key has an ordinary entry, or a value of another type or creation; or changes before those of the request are missing; or a number would not fit into 64 bits. Nothing was changed.")
            { Headers = [ApiParts.StoreRevision with { IsOptional = true }], Problem = MergeableProblems.Gap(ExampleVersion) },
            Retired,
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge with { SharedAs = null, Description = "The body or the value would be larger than the limit; nothing was changed.", Headers = [ApiParts.StoreRevisionIfAsked] },
            ApiParts.NotJson,
            .. WriteApi.Rejections.Where(response => response.Status != StatusCodes.Status422UnprocessableEntity),
            new(422, "The type does not have the change, a position is outside of the text, or the Idempotency-Key belongs to another request; nothing was changed.")
            { Headers = [ApiParts.StoreRevision], Problem = MergeableProblems.UnsupportedIntent() },
        ],
    };

    public static readonly ApiOperation Get = new("getMergeable", ApiTags.Mergeable, "Read a mergeable value",
        "Returns the number, the array of elements in their order, or the text as JSON; with `Accept: text/plain` a number or a text as it is. With `since`, or `Accept: application/vnd.kvstore.delta+json`, what a replica lacks or the full state. "
        + "With `watch=true` it streams Server-Sent Events: first a `delta` event with what the client lacks, then one for each change; `sync` means that the client should send its own version by POST, `delete` that the value is gone. "
        + "HEAD returns the headers alone.")
    {
        Rights = Rights.Read,
        WaitParameter = MergeableWatch.Parameter,
        Parameters =
        [
            Key,
            Since,
            new(MergeableWatch.Parameter, ParameterLocation.Query, JsonSchemaType.Boolean, "Stream what the client lacks, and then every change as it happens.") { Default = false },
            .. ReadApi.State,
            .. ReadApi.Conditions,
        ],
        Responses =
        [
            new(200, "The value, in the form that was asked for.")
            {
                Headers = [ApiParts.ETag with { IsOptional = true }, ApiParts.LastModified with { IsOptional = true }, ApiParts.StoreRevision, ApiParts.Expires, ApiParts.StateAge, Version, Vary],
                Contents =
                [
                    new ApiContent(ContentTypes.Json, null, 5),
                    new ApiContent("text/plain", null, "5"),
                    new ApiContent(ContentTypes.Delta, Answer, AnswerExample),
                    new ApiContent(WatchEvents.ContentType, null, "event: delta\ndata: {\"revision\":7,\"type\":\"pn-counter\",\"version\":\"AAEBAAAAAAAAAAE\"}\n\n\n"),
                ],
            },
            ApiParts.NotModified,
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            new(409, "The key has an ordinary entry.") { Headers = [ApiParts.StoreRevision], Problem = MergeableProblems.NotMergeable() },
            Retired with { Description = "What `since` refers to was collected, the revision is no longer available, or the request belongs to another store." },
            ReadApi.PreconditionFailed,
            ApiParts.TooManyWatchers,
            ReadApi.Unavailable,
        ],
    };

    private static JsonObject AnswerExample => new() { ["revision"] = 7, ["type"] = "pn-counter", ["version"] = ExampleVersion, ["value"] = 5 };
}
