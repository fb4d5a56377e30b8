using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KvStore.Crdt.Exchange;

namespace KvStore.Crdt.Tests;

/// <summary>The histories of tests/crdt-vectors, which replicas in other languages execute too. KVSTORE_WRITE_VECTORS=1 writes them anew.</summary>
public sealed class VectorTests
{
    private static readonly JsonSerializerOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string, int> Types => new() { { "g-counter", 8 }, { "pn-counter", 12 }, { "g-set", 8 }, { "or-set", 22 }, { "text", 28 } };

    [Theory]
    [MemberData(nameof(Types))]
    public void Steps_OfTheVectors_HaveTheirResults(string type, int count)
    {
        var file = Path.Join(Repository.Root, "tests", "crdt-vectors", type + ".json");
        if (Environment.GetEnvironmentVariable("KVSTORE_WRITE_VECTORS") == "1")
            Write(file, Enumerable.Range(0, count).Select(seed => VectorHistory.Make(type, seed)));

        var histories = JsonNode.Parse(File.ReadAllText(file))!.AsArray();
        Assert.Equal(count, histories.Count);
        Assert.All(histories, history => Check(history!.AsObject()));
    }

    private static void Check(JsonObject history)
    {
        var session = new Session();
        foreach (var step in history["steps"]!.AsArray())
            AssertEqual(step!["result"]!, session.Execute(step.AsObject(), isFull: false), step);
        foreach (var expected in history["end"]!.AsArray())
        {
            foreach (var name in expected!["replicas"]!.AsArray())
            {
                var actual = new JsonObject { ["replicas"] = expected["replicas"]!.DeepClone() };
                session.Describe(name!.GetValue<string>(), actual);
                AssertEqual(expected, actual, history["name"]!);
            }
        }
    }

    private static void AssertEqual(JsonNode expected, JsonNode actual, JsonNode where) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"{where.ToJsonString(Format)} gave {actual.ToJsonString(Format)}");

    // A line for each history, so that a change shows which ones changed.
    private static void Write(string file, IEnumerable<JsonObject> histories) =>
        File.WriteAllText(file, "[\n" + string.Join(",\n", histories.Select(history => history.ToJsonString(Format))) + "\n]\n");
}
