namespace KvStore.Server.Tests;

/// <summary>/v1/origins, and what writes of clients do below the prefix of an origin.</summary>
public sealed class OriginEndpointTests
{
    [Fact]
    public async Task Read_Any_SaysHowItDoes()
    {
        await using var server = await OriginServer.StartAsync();
        foreach (var key in (string[])["a", "a", "absent", "failed"])
            await server.GetAsync(key);
        var one = (await server.Client.GetAsync("/v1/origins/acme")).Expect(200).Json;
        Assert.Equal(("acme", "rates/", "refuse", 2), (one.GetProperty("name").GetString(), one.GetProperty("prefix").GetString(), one.GetProperty("writes").GetString(), one.GetProperty("known_keys").GetInt32()));
        Assert.Equal("""{"hit":1,"stale":0,"loaded":2,"failed":1}""", one.GetProperty("requests").GetRawText());
        Assert.Equal((0.25, "closed", 2, 32), (one.GetProperty("hit_ratio").GetDouble(), one.GetProperty("breaker").GetString(), one.GetProperty("workers").GetProperty("min").GetInt32(), one.GetProperty("workers").GetProperty("max").GetInt32()));
        Assert.Equal(1, (await server.Client.GetAsync("/v1/origins")).Expect(200).Json.GetProperty("origins").GetArrayLength());
        var metrics = (await server.Client.GetAsync("/metrics")).Expect(200).Text;
        Assert.Contains("kvstore_origin_requests_total{origin=\"acme\",result=\"hit\"} 1", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_WithJournal_SaysWhatIsLogged()
    {
        using var directory = new TemporaryDirectory();
        await using var server = await OriginServer.StartAsync(("Journal:Directory", directory.New()));
        Assert.Equal("""{"written":0,"dropped":0}""", (await server.Client.GetAsync("/v1/origins/acme")).Expect(200).Json.GetProperty("journal").GetRawText());
        Assert.Contains("kvstore_origin_journal_dropped_total{origin=\"acme\"} 0", (await server.Client.GetAsync("/metrics")).Expect(200).Text, StringComparison.Ordinal);
    }

    // What cannot be stored must not keep what is stored from being let go of.
    [Theory]
    [InlineData("{\"keys\":[\"rates/a\",\"rates/unknown\"]}")]
    [InlineData("{\"prefix\":\"rates/\"}")]
    public async Task Invalidate_MemoryFull_IsAllowed(string body)
    {
        await using var server = await OriginServer.StartAsync(("KvStore:ValueBytesMax", "2KiB"), ("KvStore:EntriesBytesMax", "72KiB"));
        (await server.GetAsync("a")).Expect(200);
        for (var i = 0; (await server.Client.PutAsync($"/v1/kv/plain{i}", new string('v', 1000))).Status != 507; i++)
            Assert.InRange(i, 0, 100);
        for (var i = 0; (await server.Client.PutAsync($"/v1/kv/small{i}", "")).Status != 507; i++)
            Assert.InRange(i, 0, 100);
        await server.InvalidateAsync(body);
        var again = (await server.GetAsync("a")).Expect(200);
        Assert.Equal("kvstore; fwd=stale; fwd-status=200; stored; ttl=300", again.Header("Cache-Status"));
    }

    [Fact]
    public async Task List_WithoutOrigins_IsEmpty()
    {
        await using var server = await KvServer.StartAsync();
        Assert.Equal(0, (await server.Client.GetAsync("/v1/origins")).Expect(200).Json.GetProperty("origins").GetArrayLength());
        (await server.Client.GetAsync("/v1/origins/acme")).Expect(404);
    }

    [Theory]
    [InlineData("{\"keys\":[\"rates/a\"]}", true, false)]
    [InlineData("{\"keys\":[\"rates/a\",\"rates/a\",\"rates/c\"]}", true, false)]
    [InlineData("{\"prefix\":\"rates/a\"}", true, false)]
    [InlineData("{\"prefix\":\"rates/\"}", true, true)]
    public async Task Invalidate_Loaded_IsLoadedAgain(string body, bool isA, bool isB)
    {
        await using var server = await OriginServer.StartAsync();
        await server.GetAsync("a");
        await server.GetAsync("b");
        await server.InvalidateAsync(body);
        Assert.Equal(!isA, (await server.GetAsync("a")).Header("Cache-Status")!.Contains("hit", StringComparison.Ordinal));
        Assert.Equal(!isB, (await server.GetAsync("b")).Header("Cache-Status")!.Contains("hit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{}", "body")]
    [InlineData("{\"keys\":[\"rates/a\"],\"prefix\":\"rates/\"}", "body")]
    [InlineData("{\"keys\":[\"rates/a\",\"other\"]}", "keys[1]")]
    [InlineData("{\"prefix\":\"rat\"}", "prefix")]
    [InlineData("{\"prefix\":\"rates/\\u0000\"}", "prefix")]
    [InlineData("{\"key\":\"rates/a\"}", "key")]
    [InlineData("{\"keys\":\"rates/a\"}", "keys")]
    public async Task Invalidate_MalformedBody_NamesTheMember(string body, string field)
    {
        await using var server = await OriginServer.StartAsync();
        Assert.Equal(field, (await server.Client.PostJsonAsync("/v1/origins/acme/invalidate", body)).Expect(400).Json.GetProperty("field").GetString());
        Assert.Equal(0, server.Server.Store.Latest.Revision);
    }

    [Fact]
    public async Task Load_Keys_AreLoadedWithoutWaiting()
    {
        await using var server = await OriginServer.StartAsync();
        var answer = (await server.Client.PostJsonAsync("/v1/origins/acme/load", "{\"keys\":[\"rates/a\",\"rates/b\",\"rates/a\"]}")).Expect(202);
        Assert.Equal("""{"loading":2,"refused":0}""", answer.Text);
        await server.IdleAsync();
        Assert.Equal("kvstore; hit; ttl=300", (await server.GetAsync("b")).Header("Cache-Status"));
        Assert.Equal(2, server.Source.Requests.Count);
    }

    [Fact]
    public async Task Write_Local_IsServedAndThenLoaded()
    {
        await using var server = await OriginServer.StartAsync(("Writes", "local"));
        (await server.GetAsync("a")).Expect(200);
        (await server.Client.PutAsync("/v1/kv/rates/a", "mine")).Expect(204);
        Assert.Equal(("mine", "kvstore; hit; ttl=300"), ((await server.GetAsync("a")).Text, (await server.GetAsync("a")).Header("Cache-Status")));
        (await server.Client.DeleteAsync("/v1/kv/rates/a")).Expect(204);
        Assert.Equal(("value 2", "kvstore; fwd=uri-miss; fwd-status=200; stored; ttl=300"), await TextAsync());
        Assert.Equal("ttl", (await server.Client.PutAsync("/v1/kv/rates/a?ttl=60", "mine")).Expect(400).Json.GetProperty("field").GetString());
        Assert.Equal("value 2", (await server.GetAsync("a")).Text);

        async Task<(string, string?)> TextAsync() => await server.GetAsync("a") is var answer ? (answer.Text, answer.Header("Cache-Status")) : default;
    }

    // An import has a line for each, so the others are stored.
    [Fact]
    public async Task Import_BelowAnOrigin_FailsThatLine()
    {
        await using var server = await OriginServer.StartAsync();
        var report = (await server.Client.ImportAsync("{\"key\":\"rates/a\",\"json\":1}\n{\"key\":\"other\",\"json\":1}\n")).Expect(200).Json;
        Assert.Equal((1, 1), (report.GetProperty("imported").GetInt32(), report.GetProperty("failed").GetInt32()));
    }
}
