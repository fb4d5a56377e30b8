namespace KvStore.Server.Tests;

/// <summary>DELETE of /v1/kv?prefix=.</summary>
public sealed class PrefixDeleteTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Delete_Prefix_DeletesAtOneRevision()
    {
        foreach (var key in new[] { "p", "p/", "p/1", "p/1/x", "p0", "o", "%C3%A9/1" })
            (await server.Client.PutAsync("/v1/kv/" + key, "v")).Expect(201);

        var answer = (await server.Client.DeleteAsync("/v1/kv?prefix=p/")).Expect(200);
        Assert.Equal($$"""{"revision":{{answer.Revision}},"deleted":3}""", answer.Text);
        Assert.Equal("application/json", answer.ContentType);
        Assert.Equal(["o", "p", "p0", "é/1"], await KeysAsync(""));
        Assert.Equal(["o", "p", "p/", "p/1", "p/1/x", "p0", "é/1"], await KeysAsync($"revision={answer.Revision - 1}"));

        Assert.Equal(1, (await server.Client.DeleteAsync("/v1/kv?prefix=%C3%A9")).Json.GetProperty("deleted").GetInt32());
        var nothing = (await server.Client.DeleteAsync("/v1/kv?prefix=p/")).Expect(200);
        Assert.Equal((0, nothing.Revision), (nothing.Json.GetProperty("deleted").GetInt32(), nothing.Json.GetProperty("revision").GetInt64()));
        Assert.Equal(["o", "p", "p0"], await KeysAsync(""));
        Assert.Equal(3, server.Store.Latest.Count);
    }

    [Fact]
    public async Task Delete_NoPrefix_IsRejected()
    {
        foreach (var query in new[] { "", "?", "?prefix", "?prefix=" })
            (await server.Client.DeleteAsync("/v1/kv" + query)).ExpectProblem(400, "malformed-request", "prefix");
        (await server.Client.DeleteAsync("/v1/kv?prefix=x&limit=1")).ExpectProblem(400, "malformed-request", "limit");
        (await server.Client.DeleteAsync("/v1/kv?prefix=x&prefix=y")).ExpectProblem(400, "malformed-request", "prefix");
        (await server.Client.DeleteAsync("/v1/kv?prefix=%00idempotency/")).ExpectProblem(400, "malformed-key", "prefix");
        (await server.Client.DeleteAsync("/v1/kv?prefix=x", ("If-Match", "*"))).ExpectProblem(400, "malformed-request", "If-Match");
    }

    [Fact]
    public async Task Delete_OverLimit_DeletesNothing()
    {
        await using var own = await KvServer.StartAsync(("DeletedEntriesMax", "3"));
        foreach (var number in Enumerable.Range(0, 4))
            (await own.Client.PutAsync($"/v1/kv/n/{number}", "v")).Expect(201);
        Assert.NotNull((await own.Client.DeleteAsync("/v1/kv?prefix=n/")).ExpectProblem(409, "too-many-entries").Revision);
        Assert.Equal(4, own.Store.Latest.Count);
        (await own.Client.DeleteAsync("/v1/kv/n/0")).Expect(204);
        Assert.Equal(3, (await own.Client.DeleteAsync("/v1/kv?prefix=n/")).Expect(200).Json.GetProperty("deleted").GetInt32());
    }

    private async Task<string[]> KeysAsync(string query) =>
        [.. (await server.Client.GetAsync("/v1/kv?" + query)).Expect(200).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()!)];
}
