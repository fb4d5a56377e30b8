using static KvStore.Server.ApiMember;
using static KvStore.Server.ApiSchema;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="TransactionEndpoints"/>.</summary>
internal static class TransactionApi
{
    private static readonly ApiMember Key = Text("key", "The key.");

    private static readonly ApiSchema Guard = new("TransactionGuard", "What must be true of one key.", [])
    {
        Alternatives =
        [
            Closed("The revision that last wrote the entry.", Key, Integer("revision", "The revision; 0: there is no entry.")),
            Closed("Whether there is an entry.", Key, Flag("exists", "`true`: there is one. `false`: there is none.")),
        ],
    };

    private static readonly ApiSchema Operation = new("TransactionOperation", "One step of a transaction.", [])
    {
        Alternatives =
        [
            Closed("Stores an entry.", Object("put", "The entry.", Closed("An entry to store, with exactly one of `json`, `text` and `base64`.",
                Key,
                new ApiMember("json", null, "The value as JSON.").Optional(),
                Text("text", "The value as text.").Optional(),
                Text("base64", "The value as bytes.").Optional(),
                Text("content_type", "The media type. Without it: that of the member that has the value.").Optional(),
                Integer("ttl", "Delete the entry after this many seconds.").Optional()))),
            Closed("Deletes an entry, if there is one.", Object("delete", "Which.", Closed("A key.", Key))),
            Closed("Reads an entry as it was before the transaction.", Object("get", "Which.", Closed("A key.", Key))),
            Closed("Moves an entry to another key.", Object("move", "Which, and where to.",
                Closed("Two keys.", Text("from", "The key of the entry, which must exist."), Text("to", "The new key; its entry is replaced.")))),
        ],
    };

    private static readonly ApiSchema Result = new("TransactionOperationResult", "What an operation did.", [])
    {
        Alternatives =
        [
            Closed("Of `put`.", Object("put", "The entry.", Closed("A stored entry.", Key, Revision, Flag("created", "Whether there was none before.")))),
            Closed("Of `delete`.", Object("delete", "The entry.", Closed("A deletion.", Key, Flag("deleted", "Whether there was one.")))),
            Closed("Of `get`.", Object("get", "The entry with its value; null if there is none.", ApiParts.Item).Nullable()),
            Closed("Of `move`.", Object("move", "The entry.", Closed("A moved entry.", Text("from", "The old key."), Text("to", "The new key."), Revision))),
        ],
    };

    private static readonly ApiSchema Transaction = new("Transaction", "Guards and operations.",
    [
        Objects("guards", "What must be true, at most 100.", Guard).Optional(),
        Objects("operations", "What is done, at most 100.", Operation),
    ])
    { IsClosed = true };

    private static readonly ApiSchema TransactionResult = new("TransactionResult", "What a transaction did.",
    [
        Integer("revision", "The revision of the transaction; of the state that was read, if it changed nothing."),
        Objects("results", "A result for each operation, in their order.", Result),
    ]);

    private static ApiMember Revision => Integer("revision", "The revision of the transaction.");

    public static readonly ApiOperation Run = new("runTransaction", ApiTags.Transactions, "Change several entries together",
        "If every guard passes, carries out all operations at one revision; otherwise none. "
        + "A guard is about the `revision` of a key (0: there is no entry) or about whether it `exists`. "
        + "The operations are `put`, `delete`, `get`, which reads the state before the transaction, and `move`. A transaction writes a key once.")
    {
        Rights = RightsRequirement.AnyOf(Rights.Read | Rights.Write | Rights.Delete),
        Parameters = [WriteApi.IdempotencyKey],
        Body = new ApiBody("Guards and operations.", Required: true, [new ApiContent(ContentTypes.Json, Transaction, RequestExample)]),
        Responses =
        [
            new(200, "Carried out. There is a result for each operation, in their order.")
            {
                Headers = [ApiParts.StoreRevision, WriteApi.Replayed],
                Contents = [new ApiContent(ContentTypes.Json, TransactionResult, ResultExample)],
            },
            ApiParts.SlowBody,
            WriteApi.NotReplaced,
            new(412, "Some guards failed; nothing was changed.")
            { Headers = [ApiParts.StoreRevision], Problem = Problems.GuardsFailed([new FailedMember("guards[0]", KvStore.Key.Parse("example/lock"), 9)]) },
            ApiParts.TooLarge with { SharedAs = null, Headers = [ApiParts.StoreRevisionIfAsked] },
            ApiParts.NotJson,
            .. WriteApi.Rejections,
        ],
    };

    // The guard passes however often the example is sent, because the operations leave its key alone.
    private static JsonObject RequestExample => new()
    {
        ["guards"] = new JsonArray(new JsonObject { ["key"] = "example/lock", ["exists"] = false }),
        ["operations"] = new JsonArray(
            new JsonObject { ["put"] = new JsonObject { ["key"] = "example/account/1", ["json"] = 50 } },
            new JsonObject { ["put"] = new JsonObject { ["key"] = "example/account/2", ["json"] = 150 } },
            new JsonObject { ["get"] = new JsonObject { ["key"] = Examples.Counter } },
            new JsonObject { ["delete"] = new JsonObject { ["key"] = "example/draft" } }),
    };

    private static JsonObject ResultExample => new()
    {
        ["revision"] = 8,
        ["results"] = new JsonArray(
            new JsonObject { ["put"] = new JsonObject { ["key"] = "example/account/1", ["revision"] = 8, ["created"] = false } },
            new JsonObject { ["put"] = new JsonObject { ["key"] = "example/account/2", ["revision"] = 8, ["created"] = true } },
            new JsonObject { ["get"] = null },
            new JsonObject { ["delete"] = new JsonObject { ["key"] = "example/draft", ["deleted"] = false } }),
    };
}
