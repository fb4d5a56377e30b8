namespace KvStore.Server.Tests;

/// <summary>Reads and listings at a revision, and what they say of one that is forgotten or still to come.</summary>
public sealed class RevisionTests
{
    private static readonly (string, string)[] SmallHistory = [("HistoryCommitsMax", "8"), ("KeptSnapshotsMax", "2")];

    [Fact]
    public async Task Get_RevisionForgotten_IsGoneWithOldest()
    {
        await using var server = await KvServer.StartAsync(SmallHistory);
        var revisions = await WriteAsync(server, 20);
        var oldest = revisions[^9];
        foreach (var method in new[] { "GET", "HEAD" })
            (await server.Client.SendAsync(method, $"/v1/kv/k?revision={revisions[0]}", null)).Expect(410);
        var gone = (await server.Client.GetAsync($"/v1/kv/k?revision={revisions[0]}")).ExpectProblem(410, "revision-gone", "revision");
        Assert.Equal(oldest, gone.Json.GetProperty("oldest_revision").GetInt64());
        Assert.Equal(oldest, (await server.Client.GetAsync($"/v1/kv?revision={revisions[^10]}")).ExpectProblem(410, "revision-gone", "revision").Json.GetProperty("oldest_revision").GetInt64());

        for (var i = 11; i < 20; i++)
            Assert.Equal($"value {i}", (await server.Client.GetAsync($"/v1/kv/k?revision={revisions[i]}")).Expect(200).Text);
    }

    [Fact]
    public async Task Get_FutureRevision_IsRejected()
    {
        await using var server = await KvServer.StartAsync();
        var revisions = await WriteAsync(server, 3);
        foreach (var target in new[] { "/v1/kv/k", "/v1/kv" })
        {
            (await server.Client.GetAsync($"{target}?revision={revisions[^1] + 1}")).ExpectProblem(400, "malformed-request", "revision");
            (await server.Client.GetAsync($"{target}?revision={revisions[^1]}")).Expect(200);
        }
    }

    [Fact]
    public async Task Get_RevisionBeforeFirstWrite_IsNotFound()
    {
        await using var server = await KvServer.StartAsync();
        await WriteAsync(server, 3);
        Assert.Equal(0, (await server.Client.GetAsync("/v1/kv/k?revision=0")).ExpectProblem(404, "not-found").Revision);
        Assert.Equal("{\"revision\":0,\"items\":[]}", (await server.Client.GetAsync("/v1/kv?revision=0")).Expect(200).Text);
    }

    [Fact]
    public async Task Get_RevisionWithConditions_ChecksThatState()
    {
        await using var server = await KvServer.StartAsync();
        var revisions = await WriteAsync(server, 3);
        var target = $"/v1/kv/k?revision={revisions[0]}";
        (await server.Client.GetAsync(target, ("If-None-Match", $"\"{revisions[0]}\""))).Expect(304);
        (await server.Client.GetAsync(target, ("If-None-Match", $"\"{revisions[2]}\""))).Expect(200);
        var failed = (await server.Client.GetAsync(target, ("If-Match", $"\"{revisions[2]}\""))).ExpectProblem(412, "precondition-failed");
        Assert.Equal(($"\"{revisions[0]}\"", revisions[0]), (failed.ETag, failed.Revision!.Value));
        Assert.EndsWith("Omit the condition, or give this ETag, to read it.", failed.Json.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Get_DeletedAndRecreated_DiffersByRevision()
    {
        await using var server = await KvServer.StartAsync();
        var first = (await server.Client.PutAsync("/v1/kv/k", "1", ("Content-Type", "text/plain"))).Revision;
        var deleted = (await server.Client.DeleteAsync("/v1/kv/k")).Revision;
        var second = (await server.Client.PutAsync("/v1/kv/k", "2", ("Content-Type", "text/html"))).Expect(201).Revision;
        var old = (await server.Client.GetAsync($"/v1/kv/k?revision={first}")).Expect(200);
        Assert.Equal(("1", "text/plain", $"\"{first}\""), (old.Text, old.ContentType, old.ETag));
        (await server.Client.GetAsync($"/v1/kv/k?revision={deleted}")).ExpectProblem(404, "not-found");
        var item = (await server.Client.GetAsync($"/v1/kv?revision={second}")).Json.GetProperty("items")[0];
        Assert.Equal((second, 1), (item.GetProperty("created_revision").GetInt64(), item.GetProperty("version").GetInt32()));
    }

    [Fact]
    public async Task List_CursorSnapshotRetained_ContinuesWithoutHistory()
    {
        await using var server = await KvServer.StartAsync(SmallHistory);
        await WriteAsync(server, 5, distinct: true);
        var page = (await server.Client.GetAsync("/v1/kv?limit=2")).Json;
        await WriteAsync(server, 50);
        var rest = (await server.Client.GetAsync("/v1/kv?cursor=" + page.GetProperty("cursor").GetString())).Expect(200).Json;
        Assert.Equal(page.GetProperty("revision").GetInt64(), rest.GetProperty("revision").GetInt64());
        Assert.Equal(["k2", "k3", "k4"], rest.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()));
    }

    [Fact]
    public async Task List_CursorSnapshotReleased_IsGone()
    {
        await using var server = await KvServer.StartAsync(SmallHistory);
        await WriteAsync(server, 5, distinct: true);
        var cursor = (await server.Client.GetAsync("/v1/kv?limit=2")).Json.GetProperty("cursor").GetString();
        for (var i = 0; i < 3; i++)
        {
            await WriteAsync(server, 10);
            await server.Client.GetAsync("/v1/kv?limit=1");
        }

        var gone = (await server.Client.GetAsync("/v1/kv?cursor=" + cursor)).ExpectProblem(410, "revision-gone", "cursor");
        Assert.Equal(server.Store.OldestRevision, gone.Json.GetProperty("oldest_revision").GetInt64());
    }

    private static async Task<long[]> WriteAsync(KvServer server, int count, bool distinct = false)
    {
        var revisions = new long[count];
        for (var i = 0; i < count; i++)
            revisions[i] = (await server.Client.PutAsync("/v1/kv/k" + (distinct ? $"{i}" : ""), $"value {i}")).Revision!.Value;
        return revisions;
    }
}
