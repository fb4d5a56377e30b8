using System.Text.Json;
using System.Text.Json.Nodes;

namespace KvStore.SystemTests;

/// <summary>From transactions to bodies of requests, and from responses to what they tell.</summary>
/// <param name="prefix">What the keys begin with.</param>
internal sealed class TransactionHttp(string prefix)
{
    public string BodyOf(Transaction transaction) => new JsonObject
    {
        ["guards"] = new JsonArray([.. transaction.Guards.Select(GuardOf)]),
        ["operations"] = new JsonArray([.. transaction.Steps.Select(StepOf)]),
    }.ToJsonString();

    public string BatchOf(List list) => new JsonObject { ["keys"] = new JsonArray([.. list.Keys.Select(key => JsonValue.Create(NameOf(key)))]) }.ToJsonString();

    /// <exception cref="InvalidDataException">No transaction may be answered like that.</exception>
    public static StepResult[] ResultsOf(Transaction transaction, Response response)
    {
        var results = response.Json.GetProperty("results").EnumerateArray().ToArray();
        if (response.Json.GetProperty("revision").GetInt64() != response.Revision || results.Length != transaction.Steps.Length)
            throw new InvalidDataException($"{transaction} was answered with {response}");
        return [.. transaction.Steps.Zip(results, ResultOf)];
    }

    public FailedGuard[] FailedOf(Response response) =>
    [
        .. response.Json.GetProperty("failed").EnumerateArray().Select(failed => new FailedGuard(
            failed.GetProperty("field").GetString()!,
            KeyOf(failed.GetProperty("key")),
            failed.GetProperty("revision") is { ValueKind: JsonValueKind.Number } revision ? revision.GetInt64() : null)),
    ];

    /// <summary>What an item of a listing tells.</summary>
    public static Register RegisterOf(JsonElement item) => new(item.GetProperty("text").GetString(), item.GetProperty("revision").GetInt64());

    public int KeyOf(JsonElement name) => name.GetString()![prefix.Length] - 'a';

    private JsonObject GuardOf(TransactionGuard guard) => guard.Condition.Kind switch
    {
        ConditionKind.Exists => new JsonObject { ["key"] = NameOf(guard.Key), ["exists"] = true },
        ConditionKind.Absent => new JsonObject { ["key"] = NameOf(guard.Key), ["exists"] = false },
        ConditionKind.RevisionIs => new JsonObject { ["key"] = NameOf(guard.Key), ["revision"] = guard.Condition.Revision },
        _ => throw new InvalidOperationException($"No guard of a transaction: {guard}."),
    };

    private JsonObject StepOf(Step step) => step switch
    {
        PutStep put => new JsonObject { ["put"] = new JsonObject { ["key"] = NameOf(put.Key), ["text"] = put.Value } },
        DeleteStep => new JsonObject { ["delete"] = new JsonObject { ["key"] = NameOf(step.Key) } },
        GetStep => new JsonObject { ["get"] = new JsonObject { ["key"] = NameOf(step.Key) } },
        MoveStep move => new JsonObject { ["move"] = new JsonObject { ["from"] = NameOf(move.Key), ["to"] = NameOf(move.To) } },
        _ => throw new InvalidOperationException($"Unknown step {step}."),
    };

    private static StepResult ResultOf(Step step, JsonElement result) => step switch
    {
        PutStep when result.GetProperty("put") is var put => new StepResult(put.GetProperty("created").GetBoolean(), put.GetProperty("revision").GetInt64()),
        DeleteStep => new StepResult(result.GetProperty("delete").GetProperty("deleted").GetBoolean()),
        GetStep when result.GetProperty("get") is var get => get.ValueKind == JsonValueKind.Null ? default : new StepResult(Entry: RegisterOf(get)),
        MoveStep => new StepResult(Revision: result.GetProperty("move").GetProperty("revision").GetInt64()),
        _ => throw new InvalidOperationException($"Unknown step {step}."),
    };

    private string NameOf(int key) => prefix + Call.NameOf(key);
}
