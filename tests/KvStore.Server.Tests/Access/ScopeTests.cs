namespace KvStore.Server.Tests;

/// <summary>What a client with rights to some keys learns of the others beyond single answers: in streams, in answers that are repeated, in problems.</summary>
public sealed class ScopeTests
{
    private const Rights Data = Rights.Read | Rights.Write | Rights.Delete;

    private static readonly MatrixCaller TeamA = new("team-a", Data, "team-a/");
    private static readonly MatrixCaller Second = new("second", Data, "team-a/");
    private static readonly MatrixCaller Everywhere = new("everywhere", Data);
    private static readonly MatrixCaller[] Callers = [TeamA, Second, Everywhere];

    [Fact]
    public async Task Watch_CommitsOfSeveralPrefixes_HasOwnChangesOnly()
    {
        await using var keyed = await KeyedServer.StartAsync(Callers);
        await keyed.Server.CommitAsync(Some.Put("team-a/1"), Some.Put("team-b/secret", "secret"), Some.Put("team-a0/secret", "secret"));
        using var stream = await EventStream.OpenAsync(keyed.Server.Address, "?prefix=team-a/&initial=true", null, TeamA.Header);
        var events = new List<string> { (await stream.NextAsync("entry")).Data, (await stream.NextAsync("synced")).Data };
        await keyed.Server.CommitAsync(Some.Put("team-b/secret", "secret"));
        await keyed.Server.CommitAsync(Some.Put("team-a/2"), Some.Put("team-b/secret", "secret"), Some.Delete("team-a0/secret"));
        events.Add((await stream.NextAsync("change")).Data);
        await keyed.Server.CommitAsync(new DeletePrefix(Some.Bytes("team-"), 100));
        var deleted = await stream.NextAsync("change");
        Assert.Equal(["delete team-a/1", "delete team-a/2"], deleted.Changes);
        Assert.DoesNotContain("secret", string.Concat(events) + deleted.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idempotency_SameKeyOfOtherPrincipal_IsNotItsRecord()
    {
        await using var keyed = await KeyedServer.StartAsync(Callers);
        (string, string) key = ("Idempotency-Key", "shared");
        (await keyed.Client.PutAsync("/v1/kv/team-a/k", "value", TeamA.Header, key)).Expect(201);
        var own = (await keyed.Client.PutAsync("/v1/kv/team-a/k", "value", Second.Header, key)).Expect(204);
        Assert.Null(own.Header("Idempotency-Replayed"));
        (await keyed.Client.PutAsync("/v1/kv/team-a/other", "value", Everywhere.Header, key)).Expect(201);

        Assert.Equal("true", (await keyed.Client.PutAsync("/v1/kv/team-a/k", "value", TeamA.Header, key)).Expect(201).Header("Idempotency-Replayed"));
        (await keyed.Client.PutAsync("/v1/kv/team-a/k", "another", TeamA.Header, key)).ExpectProblem(422, "idempotency-key-reused", "Idempotency-Key");
    }

    // The longest name and the longest key together are longer than the name of a record may be.
    [Fact]
    public async Task Idempotency_LongestNameAndKey_AreReplayed()
    {
        var caller = new MatrixCaller(new string('n', 100), Data);
        await using var keyed = await KeyedServer.StartAsync([caller]);
        (string, string) key = ("Idempotency-Key", new string('k', 128));
        (await keyed.Client.PutAsync("/v1/kv/k", "value", caller.Header, key)).Expect(201);
        Assert.Equal("true", (await keyed.Client.PutAsync("/v1/kv/k", "value", caller.Header, key)).Expect(201).Header("Idempotency-Replayed"));
    }

    [Theory]
    [InlineData("/v1/kv/team-a/k?revision=1")]
    [InlineData("/v1/kv?prefix=team-a/&revision=1")]
    [InlineData("/v1/export?prefix=team-a/&revision=1")]
    [InlineData("/v1/watch?prefix=team-a/&after=1")]
    [InlineData("/v1/watch?prefix=team-a/&after=1000000")]
    [InlineData("/v1/kv/team-a/k?wait=0&after=1000000")]
    public async Task Gone_ForSomeKeysOnly_DoesNotTellOldestRevision(string target)
    {
        await using var keyed = await KeyedServer.StartAsync(Callers, ("HistoryCommitsMax", "0"), ("KeptSnapshotsMax", "0"));
        for (var i = 0; i < 5; i++)
            await keyed.Server.CommitAsync(Some.Put("team-b/secret"));
        Assert.Equal(5, (await keyed.Client.GetAsync(target, Everywhere.Header)).Expect(410).Json.GetProperty("oldest_revision").GetInt64());
        var scoped = (await keyed.Client.GetAsync(target, TeamA.Header)).Expect(410);
        Assert.False(scoped.Json.TryGetProperty("oldest_revision", out _), scoped.Text);
    }

    [Fact]
    public async Task Watch_GoneForSomeKeysOnly_DoesNotTellOldestRevision()
    {
        foreach (var caller in new[] { TeamA, Everywhere })
        {
            await using var keyed = await KeyedServer.StartAsync(Callers, ("HistoryCommitsMax", "10"));
            var value = new string('v', 1 << 20);
            for (var i = 0; i < 10; i++)
                await keyed.Server.CommitAsync(Some.Put("team-a/k", value));
            using var slow = await EventStream.OpenAsync(keyed.Server.Address, "?prefix=team-a/&after=0", null, caller.Header);
            for (var i = 0; i < 20; i++)
                await keyed.Server.CommitAsync(Some.Put("team-a/k", value));
            ServerSentEvent next;
            while ((next = (await slow.NextOrEndAsync())!).Name is "" or "change")
            {
            }

            Assert.Equal("gone", next.Name);
            Assert.Equal(caller == Everywhere, next.Json.TryGetProperty("oldest_revision", out _));
        }
    }

    // No prefix makes such a range today, because none ends with the last byte that there is.
    [Fact]
    public void Allows_RangeWithoutEnd_OnlyForAllKeys()
    {
        var range = new KeyRange(Some.Bytes("team-a/k"), default);
        Assert.False(new Principal("team-a", Rights.Read, ["team-a/"]).Allows(Rights.Read, range));
        Assert.True(new Principal("everywhere", Rights.Read, []).Allows(Rights.Read, range));
    }

    // The part of the body is named, so that a client finds the key that it may not use among many.
    [Theory]
    [InlineData("/v1/batch/get", "{\"keys\":[\"team-a/k\",\"team-b/k\"]}", "keys[1]")]
    [InlineData("/v1/txn", "{\"operations\":[{\"get\":{\"key\":\"team-a/k\"}},{\"get\":{\"key\":\"team-b/k\"}}]}", "operations[1]")]
    [InlineData("/v1/txn", "{\"guards\":[{\"key\":\"team-b/k\",\"exists\":true}],\"operations\":[]}", "guards[0]")]
    [InlineData("/v1/txn", "{\"operations\":[{\"move\":{\"from\":\"team-b/k\",\"to\":\"team-a/k\"}}]}", "operations[0].move.from")]
    [InlineData("/v1/txn", "{\"operations\":[{\"move\":{\"from\":\"team-a/k\",\"to\":\"team-b/k\"}}]}", "operations[0]")]
    public async Task Body_KeyOutside_IsNamed(string target, string body, string field)
    {
        await using var keyed = await KeyedServer.StartAsync(Callers);
        (await keyed.Client.PostJsonAsync(target, body, TeamA.Header)).ExpectProblem(403, "forbidden", field);
        Assert.Equal(0, keyed.Server.Store.Latest.Revision);
    }

    [Fact]
    public async Task Import_LineOutside_IsReportedAndOthersStored()
    {
        await using var keyed = await KeyedServer.StartAsync(Callers);
        var report = (await keyed.Client.ImportAsync("{\"key\":\"team-a/1\",\"json\":1}\n{\"key\":\"team-b/2\",\"json\":1,\"expires_at\":\"2001-01-01T00:00:00Z\"}\n{\"key\":\"team-a/3\",\"json\":1}\n", TeamA.Header)).Expect(200).Json;
        Assert.Equal((2, 1, 0), (report.GetProperty("imported").GetInt32(), report.GetProperty("failed").GetInt32(), report.GetProperty("expired").GetInt32()));
        var error = report.GetProperty("errors")[0];
        Assert.Equal(2, error.GetProperty("line").GetInt32());
        Assert.StartsWith("key: ", error.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, keyed.Server.Store.Latest.Count);
    }
}
