using KvStore.Crdt;

namespace KvStore.Server.Tests;

/// <summary>The failures of mergeable values that docs/mergeable-values.md lists, each by a client that runs into it.</summary>
public sealed class MergeFailureTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Push_DuplicateOrReordered_IsSameState()
    {
        var replica = await MakeAsync("twice");
        var before = replica.Version;
        replica.Insert(0, "a");
        var first = (await server.PushAsync("twice", replica, before)).Expect(200);
        var again = (await server.PushAsync("twice", replica, before)).Expect(200);
        Assert.Equal((first.Revision, first.Version()), (again.Revision, again.Version()));
        Assert.Equal("\"a\"", await server.ReadAsync("twice"));
    }

    [Fact]
    public async Task Push_Gap_Is409WithVersionToPushFrom()
    {
        var replica = await MakeAsync("gap");
        replica.Insert(0, "a");
        var skipped = replica.Version;
        replica.Insert(1, "b");
        var refused = (await server.PushAsync("gap", replica, skipped)).ExpectProblem(409, "replica-gap");
        var known = VersionVector.TryParse(refused.Version())!;
        Assert.False(known.Covers(skipped));
        (await server.PushAsync("gap", replica, known)).Expect(200);
        Assert.Equal("\"ab\"", await server.ReadAsync("gap"));

        // A version that the service has not reached is one, too.
        replica.Insert(2, "c");
        (await server.ChangeAsync("gap", $"{{\"edits\":[{{\"at\":3,\"insert\":\"d\"}}],\"base\":\"{replica.Version}\"}}")).ExpectProblem(409, "replica-gap");
    }

    [Fact]
    public async Task Repeat_SinceWasCollected_HasTheState()
    {
        await using var collected = await SituationServers.CollectedAsync();
        const string Edit = "{\"edits\":[{\"at\":0,\"insert\":\"a\"}]}";
        var first = (await collected.ChangeAsync("collected?since=AAA", Edit, ("Idempotency-Key", "once"))).Expect(200);
        var again = (await collected.ChangeAsync("collected?since=AAA", Edit, ("Idempotency-Key", "once"))).Expect(200);
        Assert.Equal("true", again.Header("Idempotency-Replayed"));
        var state = again.Json.GetProperty("delta").GetString();
        Assert.Equal(first.Json.GetProperty("delta").GetString(), state);
        Assert.Equal("a", Assert.IsType<TextReplica>(MergeableValue.TryLoad(Convert.FromBase64String(state!), ReplicaId.Create())).GetText());
    }

    [Fact]
    public async Task Push_OtherLineage_Is409()
    {
        var replica = await MakeAsync("lineage");
        var before = replica.Version;
        replica.Insert(0, "a");
        (await server.Client.DeleteAsync("/v1/kv/lineage")).Expect(204);
        (await server.PushAsync("lineage", replica, before)).ExpectProblem(404, "not-found");
        (await server.ChangeAsync("lineage?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"b\"}]}")).Expect(201);
        (await server.PushAsync("lineage", replica, before)).ExpectProblem(409, "other-lineage");
        Assert.Equal("\"b\"", await server.ReadAsync("lineage"));
    }

    [Fact]
    public async Task Push_SameIdOtherHistory_Is409()
    {
        var replica = await MakeAsync("forked");
        var state = replica.Encode();
        var before = replica.Version;
        var other = (TextReplica)MergeableValue.TryLoad(state, replica.Self)!;
        replica.Insert(0, "a");
        other.Insert(0, "b");
        (await server.PushAsync("forked", replica, before)).Expect(200);
        (await server.PushAsync("forked", other, before)).ExpectProblem(409, "replica-forked");
        Assert.Equal("\"a\"", await server.ReadAsync("forked"));
    }

    [Fact]
    public async Task Post_OtherTypeOrEntry_Is409()
    {
        await MakeAsync("typed");
        (await server.ChangeAsync("typed?type=or-set", "{\"add\":[\"a\"]}")).ExpectProblem(409, "other-type");
        var counter = MergeableValue.Create(CrdtType.GCounter, ReplicaId.Create());
        (await server.PushAsync("typed", counter, VersionVector.Empty)).ExpectProblem(409, "other-type");
        (await server.Client.PutAsync("/v1/kv/ordinary", "x")).Expect(201);
        (await server.ChangeAsync("ordinary?type=text", "{\"edits\":[]}")).ExpectProblem(409, "not-mergeable");
        (await server.Client.GetAsync("/v1/crdt/ordinary")).ExpectProblem(409, "not-mergeable");
        (await server.Client.GetAsync("/v1/crdt/ordinary?watch=true")).ExpectProblem(409, "not-mergeable");
        (await server.ChangeAsync("nowhere", "{\"edits\":[]}")).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task Post_IntentOfOtherType_Is422()
    {
        await MakeAsync("intents");
        (await server.ChangeAsync("intents", "{\"increment\":1}")).ExpectProblem(422, "unsupported-intent");
        (await server.ChangeAsync("intents", "{\"add\":[\"a\"]}")).ExpectProblem(422, "unsupported-intent");
        (await server.ChangeAsync("intents", "{\"edits\":[{\"at\":0,\"insert\":\"a\"},{\"at\":2,\"insert\":\"b\"}]}")).ExpectProblem(422, "out-of-range");
        (await server.ChangeAsync("grows?type=g-counter", "{\"increment\":-1}")).ExpectProblem(422, "unsupported-intent");
        (await server.ChangeAsync("grows?type=g-set", "{\"add\":[\"a\"],\"remove\":[\"b\"]}")).ExpectProblem(422, "unsupported-intent");
        Assert.Equal("\"\"", await server.ReadAsync("intents"));
        (await server.Client.GetAsync("/v1/crdt/grows")).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task Post_Overflow_Is409()
    {
        (await server.ChangeAsync("largest?type=pn-counter", "{\"increment\":9223372036854775807}")).Expect(201);
        (await server.ChangeAsync("largest", "{\"increment\":1}")).ExpectProblem(409, "overflow");
        (await server.ChangeAsync("largest", "{\"increment\":-1}")).Expect(200);
        Assert.Equal("9223372036854775806", await server.ReadAsync("largest"));
    }

    [Fact]
    public async Task Push_NoDelta_Is400()
    {
        await MakeAsync("bytes");
        foreach (var bytes in new byte[][] { [], [1], [9, 9, 9, 9], [1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 255] })
            (await server.SendAsync("bytes", $"{{\"delta\":\"{Convert.ToBase64String(bytes)}\"}}")).ExpectProblem(400, "malformed-request", "delta");
    }

    [Fact]
    public async Task Push_BeyondLimit_Is413()
    {
        await using var small = await KvServer.StartAsync(("ValueBytesMax", "2000"));
        (await small.ChangeAsync("text?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"a\"}]}")).Expect(201);
        (await small.ChangeAsync("text", $"{{\"edits\":[{{\"at\":0,\"insert\":\"{new string('b', 3000)}\"}}]}}")).ExpectProblem(413, "too-large");
        Assert.Equal("\"a\"", await small.ReadAsync("text"));
        (await small.ChangeAsync("text", "{\"edits\":[{\"at\":1,\"insert\":\"b\"}]}")).Expect(200);
        Assert.Equal("\"ab\"", await small.ReadAsync("text"));
    }

    private async Task<TextReplica> MakeAsync(string key)
    {
        (await server.ChangeAsync(key + "?type=text", "{\"edits\":[]}")).Expect(201);
        return (TextReplica)await server.LoadAsync(key);
    }

    [Fact]
    public async Task Post_AnswerDoesNotFitIntoMemory_IntentIsAnswered()
    {
        await using var server = await KvServer.StartAsync();
        (await server.ChangeAsync("t?type=text", $"{{\"edits\":[{{\"at\":0,\"insert\":\"{new string('a', 100_000)}\"}}]}}")).Expect(201);
        var all = server.Store.Memory.Answers;
        all.Charge(all.BytesMax);
        var answer = (await server.ChangeAsync($"t?since={VersionVector.Empty}", "{\"edits\":[{\"at\":0,\"insert\":\"b\"}]}")).Expect(200);
        Assert.False(answer.Json.TryGetProperty("delta", out _));
        (await server.SendAsync("t", $"{{\"version\":\"{VersionVector.Empty}\"}}")).ExpectProblem(503, "overloaded");
        all.Release(all.BytesMax);
        Assert.Equal("\"b" + new string('a', 100_000) + "\"", await server.ReadAsync("t"));
    }
}
