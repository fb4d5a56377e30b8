using KvStore.Crdt;
using KvStore.Mergeable;

namespace KvStore.Server.Tests;

/// <summary>GET of /v1/crdt/{key}?watch=true.</summary>
public sealed class MergeableWatchTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Watch_TwoClients_GetStateAndEveryChange()
    {
        var made = (await server.ChangeAsync("two?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"a\"}]}")).Expect(201);
        var known = await server.LoadAsync("two");
        using var whole = await OpenAsync("two");
        using var since = await OpenAsync($"two", $"&since={made.Version()}");
        Assert.Equal("text/event-stream", whole.Header("Content-Type"));
        var first = await whole.NextAsync("delta");
        Assert.Equal((made.Revision!.Value, "text", made.Version()), (first.Revision, first.Json.GetProperty("type").GetString(), first.Json.GetProperty("version").GetString()));
        Assert.Null(first.Id);
        var replica = MergeableValue.TryLoad(DeltaOf(first), ReplicaId.Create())!;
        var live = await since.NextAsync("delta");
        Assert.Equal((made.Version(), false), (live.Json.GetProperty("version").GetString(), live.Json.TryGetProperty("delta", out _)));

        for (var i = 0; i < 20; i++)
            (await server.ChangeAsync("two", $"{{\"edits\":[{{\"at\":{i},\"insert\":\"{(char)('a' + i)}\"}}]}}")).Expect(200);
        (await server.Client.PutAsync("/v1/kv/twofold", "another key")).Expect(201);
        foreach (var (stream, own) in new[] { (whole, replica), (since, known) })
        {
            for (var i = 0; i < 20; i++)
            {
                var next = await stream.NextAsync("delta");
                Assert.Equal(["revision", "type", "delta"], next.Json.EnumerateObject().Select(member => member.Name));
                own.MergeFrom(DeltaOf(next));
            }

            Assert.Equal("abcdefghijklmnopqrsta", ((TextReplica)own).GetText());
            Assert.True((await server.LoadAsync("two")).Version.Equals(own.Version));
        }
    }

    [Fact]
    public async Task Watch_Reconnects_GetsWhatItLacks()
    {
        (await server.ChangeAsync("again?type=g-set", "{\"add\":[\"a\"]}")).Expect(201);
        var replica = await server.LoadAsync("again");
        (await server.ChangeAsync("again", "{\"add\":[\"b\"]}")).Expect(200);
        (await server.ChangeAsync("again", "{\"add\":[\"c\"]}")).Expect(200);
        using var stream = await OpenAsync("again", $"&since={replica.Version}");
        replica.MergeFrom(DeltaOf(await stream.NextAsync("delta")));
        Assert.Equal(["a", "b", "c"], ((SetReplica)replica).Elements);
    }

    // By prefix alone, or with so many others that the commit does not name each.
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 1001)]
    public async Task Watch_Deleted_GetsEventAndEnd(bool byPrefix, int others)
    {
        var key = $"doomed/{byPrefix}/{others}/value";
        await server.CommitAsync([.. Enumerable.Range(0, others).Select(number => Some.Put($"doomed/{byPrefix}/{others}/{number}"))]);
        (await server.ChangeAsync(key + "?type=g-counter", "{\"increment\":1}")).Expect(201);
        using var stream = await OpenAsync(key);
        await stream.NextAsync("delta");
        var deleted = await server.Client.DeleteAsync(byPrefix ? $"/v1/kv?prefix=doomed/{byPrefix}/{others}/" : "/v1/kv/" + key);
        (await server.ChangeAsync(key + "?type=g-counter", "{\"increment\":5}")).Expect(201);
        Assert.Equal(deleted.Revision, (await stream.NextAsync("delete")).Revision);
        Assert.Null(await stream.NextOrEndAsync());
        await Soon.UntilAsync(() => server.Store.Watchers == 0);
    }

    // A state without deltas takes the place of the value, as after a collection of garbage.
    [Fact]
    public async Task Watch_Collected_GetsSyncAndThenDeltas()
    {
        (await server.ChangeAsync("collected?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"a\"}]}")).Expect(201);
        using var stream = await OpenAsync("collected");
        var replica = MergeableValue.TryLoad(DeltaOf(await stream.NextAsync("delta")), ReplicaId.Create())!;
        var stored = server.Store.Latest.Find(Some.Key("collected"))!.Value.Value;
        var hub = (TextReplica)await server.LoadAsync("collected");
        hub.Delete(0, 1);
        Assert.True(hub.Collect([], hub.Version, 0));
        var value = StoredValue.TryRead(stored)!;
        var collected = StoredValue.Write(value.Creation, value.Hub, value.Epochs, value.Members, hub.Encode());
        var draft = new EntryDraft(Some.Key("collected"), collected.Length, Entry.MergeableContentType);
        collected.CopyTo(draft.Value);
        var revision = await server.CommitAsync(StoredOperation.Import(draft));

        Assert.Equal(revision, (await stream.NextAsync("sync")).Revision);
        replica.MergeFrom((await server.PushAsync("collected", replica, null)).Expect(200).Delta());
        Assert.Equal((1UL, hub.Version), (replica.Epoch, replica.Version));
        (await server.ChangeAsync("collected", "{\"edits\":[{\"at\":0,\"insert\":\"b\"}]}")).Expect(200);
        replica.MergeFrom(DeltaOf(await stream.NextAsync("delta")));
        Assert.Equal("b", ((TextReplica)replica).GetText());
    }

    // The expiry is no change of the value.
    [Fact]
    public async Task Watch_ExpiryChanged_SendsNoDelta()
    {
        (await server.ChangeAsync("ttl?type=g-counter", "{\"increment\":1}")).Expect(201);
        using var stream = await OpenAsync("ttl");
        await stream.NextAsync("delta");
        (await server.Client.PatchAsync("/v1/kv/ttl?ttl=3600")).Expect(204);
        var changed = (await server.ChangeAsync("ttl", "{\"increment\":1}")).Expect(200);
        Assert.Equal(changed.Revision, (await stream.NextAsync("delta")).Revision);
    }

    [Fact]
    public async Task Watch_Absent_Is404AndHeadHasHeaders()
    {
        (await server.Client.GetAsync("/v1/crdt/absent?watch=true")).ExpectProblem(404, "not-found");
        (await server.ChangeAsync("head?type=g-counter", "{\"increment\":1}")).Expect(201);
        var head = (await server.Client.SendAsync("HEAD", "/v1/crdt/head?watch=true", null)).Expect(200);
        Assert.Equal(("text/event-stream", "no-store"), (head.ContentType, head.Header("Cache-Control")));
    }

    [Fact]
    public async Task Watch_LimitSilenceAndStop_AreThoseOfWatches()
    {
        await using var own = await KvServer.StartAsync(("WatchersMax", "1"), ("WatchBookmarkInterval", "00:00:00.1000000"));
        var made = (await own.ChangeAsync("k?type=g-counter", "{\"increment\":1}")).Expect(201);
        using var stream = await EventStream.OpenAsync(own.Address, "/v1/crdt/k?watch=true");
        await stream.NextAsync("delta");
        (await own.Client.GetAsync("/v1/crdt/k?watch=true")).ExpectProblem(429, "too-many-watchers");
        Assert.Equal(made.Revision, (await stream.NextAsync("bookmark")).Revision);
        own.Lifetime.StopApplication();
        ServerSentEvent? last = null;
        for (var next = await stream.NextOrEndAsync(); next is not null; next = await stream.NextOrEndAsync())
            last = next;
        Assert.Equal("reconnect", last?.Name);
        Assert.Contains("since", last!.Json.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_KeyRevoked_GetsEventAndEnd()
    {
        var caller = new MatrixCaller("revoked", Rights.Read | Rights.Write, "team-a/");
        await using var keyed = await KeyedServer.StartAsync([caller]);
        (await keyed.Client.PostJsonAsync("/v1/crdt/team-a/k?type=g-counter", "{\"increment\":1}", caller.Header)).Expect(201);
        using var stream = await EventStream.OpenAsync(keyed.Server.Address, "/v1/crdt/team-a/k?watch=true", null, caller.Header);
        await stream.NextAsync("delta");
        keyed.Revoke(caller);
        await stream.NextAsync("revoked");
        Assert.Null(await stream.NextOrEndAsync());
    }

    private Task<EventStream> OpenAsync(string key, string query = "") => EventStream.OpenAsync(server.Address, $"/v1/crdt/{key}?watch=true{query}");

    private static byte[] DeltaOf(ServerSentEvent sent) => sent.Json.GetProperty("delta").GetBytesFromBase64();
}
