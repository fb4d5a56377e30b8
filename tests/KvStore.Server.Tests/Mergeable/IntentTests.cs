using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>POST of an intent to /v1/crdt/{key}: the service carries it out as a replica.</summary>
public sealed class IntentTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("g-counter", "{\"increment\":3}", "3")]
    [InlineData("pn-counter", "{\"increment\":-3}", "-3")]
    [InlineData("g-set", "{\"add\":[\"b\",\"a\",\"b\"]}", "[\"a\",\"b\"]")]
    [InlineData("or-set", "{\"add\":[\"\\u00e9\"],\"remove\":[\"x\"]}", "[\"é\"]")]
    [InlineData("text", "{\"edits\":[{\"at\":0,\"insert\":\"a\\\"😀c\"},{\"at\":1,\"delete\":1},{\"at\":2,\"insert\":\"d\"}]}", "\"a😀dc\"")]
    [InlineData("g-counter", "{\"increment\":0}", "0")]
    [InlineData("or-set", "{\"add\":[]}", "[]")]
    [InlineData("text", "{\"edits\":[]}", "\"\"")]
    public async Task Post_AbsentWithType_MakesValue(string type, string intent, string expected)
    {
        var key = $"made/{Guid.NewGuid():N}";
        var made = (await server.ChangeAsync($"{key}?type={type}", intent)).Expect(201);
        Assert.Equal((made.Revision, $"\"{made.Revision}\"", type), (made.Json.GetProperty("revision").GetInt64(), made.ETag, made.Json.GetProperty("type").GetString()));
        Assert.Equal(made.Version(), made.Header("KvStore-Version"));
        Assert.Equal(type.EndsWith("counter", StringComparison.Ordinal), made.Json.TryGetProperty("value", out _));
        Assert.False(made.Json.TryGetProperty("delta", out _));

        var read = (await server.Client.GetAsync("/v1/crdt/" + key)).Expect(200);
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, read.Json), read.Text);
        Assert.Equal(("application/json", made.ETag, made.Version()), (read.ContentType, read.ETag, read.Header("KvStore-Version")));
        (await server.ChangeAsync(key + "?type=" + type, intent)).Expect(200);
    }

    [Fact]
    public async Task Post_NothingToChange_CommitsNothing()
    {
        (await server.ChangeAsync("same?type=or-set", "{\"add\":[\"a\"]}")).Expect(201);
        var before = server.Store.Latest.Revision;
        var answer = (await server.ChangeAsync("same", "{\"remove\":[\"b\"]}")).Expect(200);
        Assert.Equal((before, before), (server.Store.Latest.Revision, answer.Revision));
    }

    [Fact]
    public async Task Post_EditsWithBase_AreOfThatVersion()
    {
        var first = (await server.ChangeAsync("based?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"one two\"}]}")).Expect(201);
        (await server.ChangeAsync("based", "{\"edits\":[{\"at\":0,\"insert\":\"zero \"}]}")).Expect(200);
        (await server.ChangeAsync("based", $"{{\"edits\":[{{\"at\":4,\"delete\":3}},{{\"at\":4,\"insert\":\"three\"}}],\"base\":\"{first.Version()}\"}}")).Expect(200);
        Assert.Equal("\"zero one three\"", await server.ReadAsync("based"));
        (await server.ChangeAsync("based", $"{{\"edits\":[{{\"at\":8,\"insert\":\"!\"}}],\"base\":\"{first.Version()}\"}}")).ExpectProblem(422, "out-of-range");
    }

    [Fact]
    public async Task Post_RemoveWithContext_KeepsWhatWasAddedSince()
    {
        var first = (await server.ChangeAsync("basket?type=or-set", "{\"add\":[\"milk\"]}")).Expect(201);
        (await server.ChangeAsync("basket", "{\"add\":[\"milk\",\"bread\"]}")).Expect(200);
        (await server.ChangeAsync("basket", $"{{\"remove\":[\"milk\"],\"context\":\"{first.Version()}\"}}")).Expect(200);
        Assert.Equal("[\"bread\",\"milk\"]", await server.ReadAsync("basket"));
        (await server.ChangeAsync("basket", "{\"remove\":[\"milk\"]}")).Expect(200);
        Assert.Equal("[\"bread\"]", await server.ReadAsync("basket"));
    }

    [Fact]
    public async Task Post_Since_AnswersWhatClientLacks()
    {
        var first = (await server.ChangeAsync("since?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"a\"}]}")).Expect(201);
        var replica = await server.LoadAsync("since");
        var second = (await server.ChangeAsync($"since?since={first.Version()}", "{\"edits\":[{\"at\":1,\"insert\":\"b\"}]}")).Expect(200);
        replica.MergeFrom(second.Delta());
        Assert.Equal("ab", ((KvStore.Crdt.TextReplica)replica).GetText());
        Assert.False((await server.ChangeAsync($"since?since={second.Version()}", "{\"edits\":[]}")).Expect(200).Json.TryGetProperty("delta", out _));
    }

    [Fact]
    public async Task Post_ConditionsAndExpiry_AreHonoured()
    {
        (await server.ChangeAsync("cond?type=g-counter", "{\"increment\":1}", ("If-Match", "*"))).ExpectProblem(412, "precondition-failed");
        var made = (await server.ChangeAsync("cond?type=g-counter&ttl=3600", "{\"increment\":1}", ("If-None-Match", "*"))).Expect(201);
        Assert.Equal(made.ETag, (await server.ChangeAsync("cond", "{\"increment\":1}", ("If-None-Match", "*"))).ExpectProblem(412, "precondition-failed").ETag);
        Assert.NotNull((await server.Client.GetAsync("/v1/crdt/cond")).Header("KvStore-Expires"));
        (await server.ChangeAsync("cond", "{\"increment\":1}", ("If-Match", made.ETag!))).Expect(200);
        Assert.NotNull((await server.Client.GetAsync("/v1/crdt/cond")).Header("KvStore-Expires"));
        (await server.ChangeAsync("cond?ttl=none", "{\"increment\":1}")).Expect(200);
        Assert.Null((await server.Client.GetAsync("/v1/crdt/cond")).Header("KvStore-Expires"));
        Assert.Equal("3", await server.ReadAsync("cond"));
    }

    [Fact]
    public async Task Post_IdempotencyKey_CountsOnce()
    {
        var first = (await server.ChangeAsync("once?type=g-counter", "{\"increment\":2}", ("Idempotency-Key", "once"))).Expect(201);
        (await server.ChangeAsync("once", "{\"increment\":5}")).Expect(200);
        var again = (await server.ChangeAsync("once?type=g-counter", "{\"increment\":2}", ("Idempotency-Key", "once"))).Expect(201);
        Assert.Equal(("true", first.ETag, first.Revision), (again.Header("Idempotency-Replayed"), again.ETag, again.Revision));
        Assert.Equal((first.Json.GetProperty("revision").GetInt64(), 7), (again.Json.GetProperty("revision").GetInt64(), again.Json.GetProperty("value").GetInt32()));
        (await server.ChangeAsync("once", "{\"increment\":3}", ("Idempotency-Key", "once"))).ExpectProblem(422, "idempotency-key-reused", "Idempotency-Key");
        Assert.Equal("7", await server.ReadAsync("once"));

        (await server.Client.DeleteAsync("/v1/kv/once")).Expect(204);
        var gone = (await server.ChangeAsync("once?type=g-counter", "{\"increment\":2}", ("Idempotency-Key", "once"))).Expect(201);
        Assert.Equal(["revision"], gone.Json.EnumerateObject().Select(member => member.Name));
        (await server.Client.GetAsync("/v1/crdt/once")).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task Post_EncodedKey_IsKeyOfEntry()
    {
        (await server.ChangeAsync("a%2Fb%252Fc%20%C3%A9+?type=g-counter", "{\"increment\":7}")).Expect(201);
        Assert.Equal("application/vnd.kvstore.crdt", (await server.Client.GetAsync("/v1/kv/a/b%252Fc%20%C3%A9%2B")).Expect(200).ContentType);
        foreach (var target in new[] { "", "%ZZ", "%FF", "a/../b", "a%01", new string('k', 1025) })
            (await server.ChangeAsync(target, "{\"increment\":7}")).ExpectProblem(400, "malformed-key", "key");
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("GET", "/v1/%63rdt/a")).ExpectProblem(400, "malformed-request");
    }
}
