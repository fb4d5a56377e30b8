using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="TransactionEndpoints"/>.</summary>
internal static class TransactionApi
{
    private static readonly ApiSchema Transaction = new("Transaction", "Guards and operations.",
    [
        Objects("guards", "What must be true, at most 100: `key` and one of `revision` (0: there is no entry) and `exists`.").Optional(),
        Objects("operations", "What is done, at most 100: each one of `put`, `delete`, `get` and `move`."),
    ]);

    private static readonly ApiSchema TransactionResult = new("TransactionResult", "What a transaction did.",
    [
        Integer("revision", "The revision of the transaction; of the state that was read, if it changed nothing."),
        Objects("results", "A result for each operation, in their order."),
    ]);

    public static readonly ApiOperation Run = new("runTransaction", ApiParts.EntriesTag, "Change several entries together",
        "Carries out all operations at one revision if all guards pass; otherwise none. "
        + "A guard is `{\"key\", \"revision\"}` (0: there is no entry) or `{\"key\", \"exists\"}`. "
        + "An operation is one of `put` (`key`, one of `json`, `text` and `base64`, `content_type`, `ttl` in seconds), `delete` (`key`), `get` (`key`; reads the state before the transaction) "
        + "and `move` (`from`, which must exist, `to`, which is replaced). A key is written once.")
    {
        Parameters = [WriteApi.IdempotencyKey],
        Body = new ApiBody("Guards and operations.", Required: true, [new ApiContent(ContentTypes.Json, Transaction, Request)]),
        Responses =
        [
            new(200, "Carried out. There is a result for each operation, in their order.")
            {
                Headers = [ApiParts.StoreRevision, WriteApi.Replayed],
                Contents = [new ApiContent(ContentTypes.Json, TransactionResult, Result)],
            },
            ApiParts.Malformed("operations[3].put.key"),
            ApiParts.SlowBody,
            new(412, "Some guards failed; nothing was changed.")
            { Headers = [ApiParts.StoreRevision], Problem = Problems.GuardsFailed([new FailedMember("guards[0]", Key.Parse("account/1"), 9)]) },
            ApiParts.TooLarge with { Headers = [ApiParts.StoreRevisionIfAsked] },
            ApiParts.NotJson,
            .. WriteApi.Rejections,
        ],
    };

    private static JsonObject Request => new()
    {
        ["guards"] = new JsonArray(new JsonObject { ["key"] = "account/1", ["revision"] = 7 }, new JsonObject { ["key"] = "lock", ["exists"] = false }),
        ["operations"] = new JsonArray(
            new JsonObject { ["put"] = new JsonObject { ["key"] = "account/1", ["json"] = 50 } },
            new JsonObject { ["get"] = new JsonObject { ["key"] = "account/2" } }, new JsonObject { ["delete"] = new JsonObject { ["key"] = "draft" } },
            new JsonObject { ["move"] = new JsonObject { ["from"] = "inbox/1", ["to"] = "done/1" } }),
    };

    private static JsonObject Result => new()
    {
        ["revision"] = 8,
        ["results"] = new JsonArray(
            new JsonObject { ["put"] = new JsonObject { ["key"] = "account/1", ["revision"] = 8, ["created"] = false } },
            new JsonObject { ["get"] = null }, new JsonObject { ["delete"] = new JsonObject { ["key"] = "draft", ["deleted"] = true } },
            new JsonObject { ["move"] = new JsonObject { ["from"] = "inbox/1", ["to"] = "done/1", ["revision"] = 8 } }),
    };
}
