using System.Text.Json.Nodes;

namespace KvStore.Tests;

public class MergePatchTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    // The algorithm of RFC 7396, section 2, as it stands there.
    [Fact]
    public async Task Evaluate_RandomPatches_EqualsRfc7396()
    {
        var random = Seed.NewRandom();
        await using var store = await Stores.StartAsync();
        for (var i = 0; i < 5_000; i++)
        {
            var target = RandomJson(random, 4);
            var patch = RandomJson(random, 4);
            await store.CommitAsync(Some.Put("k", Text(target)));
            var committed = await store.CommitAsync(MergePatch.TryCreate(Some.Key("k"), Some.Bytes(Text(patch)), 1 << 20, default)!);

            var merged = JsonNode.Parse(committed.Changes[0].Current.Text());
            var expected = Merge(target, patch);
            Assert.True(JsonNode.DeepEquals(expected, merged), $"{Text(target)} with {Text(patch)} is {Text(merged)}, not {Text(expected)}.");
        }
    }

    [Theory]
    [InlineData("""{ "a" : 1.0e2, "b" : [ 1 ] }""", """{"c":1E400}""", """{"a":1.0e2,"b":[1],"c":1E400}""")]
    [InlineData("""{"b":1,"a":2}""", """{"a":3}""", """{"b":1,"a":3}""")]
    [InlineData("""{"a":1,"a":2}""", """{"a":3}""", """{"a":3}""")]
    [InlineData("""{"a":1,"b":2,"a":3}""", """{"c":4}""", """{"a":3,"b":2,"c":4}""")]
    [InlineData("""{"a":{"x":1},"a":{"y":2}}""", """{"a":{"z":3}}""", """{"a":{"y":2,"z":3}}""")]
    [InlineData("""{"a":1,"a":{"y":2}}""", """{"a":{"z":3}}""", """{"a":{"y":2,"z":3}}""")]
    [InlineData("""{"a":{"y":2},"a":1}""", """{"a":{"z":3}}""", """{"a":{"z":3}}""")]
    [InlineData("""{"a":1,"\u0061":2}""", """{"a":null}""", "{}")]
    [InlineData("{}", """{"a":{"x":1},"a":{"y":2}}""", """{"a":{"y":2}}""")]
    [InlineData("""{"a":1}""", """{"a":null,"a":2}""", """{"a":2}""")]
    [InlineData("\uFEFF{\"a\":1}", "\uFEFF{\"b\":2}", """{"a":1,"b":2}""")]
    [InlineData("""{"é":"\u00e9"}""", """{"\u00e9":"ü"}""", """{"é":"ü"}""")]
    public async Task Evaluate_NumbersOrderAndEscapes_AreKept(string target, string patch, string result)
    {
        await using var store = await Stores.StartAsync();
        await store.CommitAsync(Some.Put("k", target));
        var committed = await store.CommitAsync(MergePatch.TryCreate(Some.Key("k"), Some.Bytes(patch), 1 << 20, default)!);
        Assert.Equal(result, committed.Changes[0].Current.Text());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nul")]
    [InlineData("1 2")]
    [InlineData("{\"a\":1,}")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\ud800\":1}")]
    public void TryCreate_NotJson_IsNull(string patch) =>
        Assert.Null(MergePatch.TryCreate(Some.Key("k"), Some.Bytes(patch), 1 << 20, default));

    [Fact]
    public void TryCreate_NotUtf8_IsNull() =>
        Assert.Null(MergePatch.TryCreate(Some.Key("k"), new byte[] { (byte)'"', 0xFF, (byte)'"' }, 1 << 20, default));

    // Another process that evaluates the same transaction has the entry as another object.
    [Fact]
    public void Evaluate_PreparedForTheSameRevision_IsUsed()
    {
        var patch = MergePatch.TryCreate(Some.Key("k"), Some.Bytes("{\"a\":2}"), 1 << 20, default)!;
        patch.Prepare(Loaded(revision: 3).Latest);

        Assert.IsType<Outcome.Committed>(new BatchDecider(new FakeTimeProvider()).Decide(Loaded(revision: 3), [Some.Transaction(patch)]).Outcomes[0]);
        var rejected = Assert.IsType<Outcome.Rejected>(new BatchDecider(new FakeTimeProvider()).Decide(Loaded(revision: 4), [Some.Transaction(patch)]).Outcomes[0]);
        Assert.Equal(RejectionReason.Unprepared, rejected.Reason);

        static SnapshotPublisher Loaded(long revision)
        {
            var publisher = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
            var value = Some.Bytes($"{{\"a\":\"{new string('a', MergePatch.UnpreparedBytesMax)}\"}}");
            publisher.Load(10, [Entry.Create("k"u8, value, "application/json", 1, revision, 2, 0, Entry.Never)]);
            return publisher;
        }
    }

    // White space is not kept, so whether a patch must be prepared must not depend on it.
    [Fact]
    public void Bytes_WhiteSpaceAroundPatch_DoesNotCount() => Assert.Equal(
        MergePatch.TryCreate(Some.Key("k"), Some.Bytes("{\"a\": 1}"), 1 << 20, default)!.Bytes,
        MergePatch.TryCreate(Some.Key("k"), Some.Bytes("\uFEFF \n{\"a\": 1}  "), 1 << 20, default)!.Bytes);

    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject members)
            return patch?.DeepClone();
        var result = target is JsonObject before ? before.DeepClone().AsObject() : [];
        foreach (var (name, value) in members)
        {
            if (value is null)
                result.Remove(name);
            else
                result[name] = Merge(result[name], value);
        }

        return result;
    }

    private static JsonNode? RandomJson(Random random, int depth) => random.Next(depth > 0 ? 7 : 4) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(10)),
        2 => JsonValue.Create(random.Next(2) == 0 ? "text" : "ü\"\n"),
        3 => JsonValue.Create(random.Next(2) == 0),
        4 => new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => RandomJson(random, depth - 1))]),
        _ => new JsonObject(Names.Where(_ => random.Next(3) > 0).Select(name => KeyValuePair.Create(name, RandomJson(random, depth - 1)))),
    };

    private static string Text(JsonNode? node) => node?.ToJsonString() ?? "null";
}
