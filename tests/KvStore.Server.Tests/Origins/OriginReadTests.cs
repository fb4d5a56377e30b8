using KvStore.Origins;

namespace KvStore.Server.Tests;

/// <summary>GET and HEAD of keys that come from an origin, by RFC 9111, 5861 and 9211.</summary>
public sealed class OriginReadTests
{
    [Fact]
    public async Task Get_Miss_LoadsAndThenHits()
    {
        await using var server = await OriginServer.StartAsync();
        var loaded = (await server.GetAsync("a")).Expect(200);
        Assert.Equal(("value 1", "0", "kvstore; fwd=uri-miss; fwd-status=200; stored; ttl=300"), (loaded.Text, loaded.Header("Age"), loaded.Header("Cache-Status")));
        Assert.Equal("max-age=300, stale-while-revalidate=60, stale-if-error=3600", loaded.Header("Cache-Control"));
        Assert.NotNull(loaded.Header("ETag"));

        server.Advance(10);
        var hit = (await server.GetAsync("a")).Expect(200);
        Assert.Equal(("value 1", "10", "kvstore; hit; ttl=290"), (hit.Text, hit.Header("Age"), hit.Header("Cache-Status")));
        Assert.Equal((loaded.Header("ETag"), "max-age=300, stale-while-revalidate=60, stale-if-error=3600"), (hit.Header("ETag"), hit.Header("Cache-Control")));
        Assert.Equal("kvstore; hit; ttl=290", (await server.Client.SendAsync("HEAD", "/v1/kv/rates/a", null)).Expect(200).Header("Cache-Status"));
        Assert.Equal("kvstore; hit; ttl=290", (await server.GetAsync("a", ("If-None-Match", hit.Header("ETag")!))).Expect(304).Header("Cache-Status"));
        Assert.Single(server.Source.Requests);

        // It is an entry like any other.
        Assert.Equal("rates/a", (await server.Client.GetAsync("/v1/kv?prefix=rates/")).Expect(200).Json.GetProperty("items")[0].GetProperty("key").GetString());
    }

    [Fact]
    public async Task Get_OtherKeys_HaveNoCache()
    {
        await using var server = await OriginServer.StartAsync();
        (await server.Client.PutAsync("/v1/kv/other", "v")).Expect(201);
        var answer = (await server.Client.GetAsync("/v1/kv/other")).Expect(200);
        Assert.Equal((null, null, "no-cache"), (answer.Header("Age"), answer.Header("Cache-Status"), answer.Header("Cache-Control")));
        (await server.Client.GetAsync("/v1/kv/rates")).Expect(404);
        Assert.Empty(server.Source.Requests);
    }

    [Fact]
    public async Task Get_ManyAtOnce_LoadOnce()
    {
        await using var server = await OriginServer.StartAsync();
        var gate = new Gate();
        server.Source.Answers["a"] = async _ =>
        {
            await gate.PassAsync();
            return FakeOriginSource.Found("one");
        };
        var gets = Enumerable.Range(0, 20).Select(_ => server.GetAsync("a")).ToArray();
        await Soon.UntilAsync(() => server.Origin.Pool.Status.Waiters == 20);
        gate.Open();
        var answers = await Task.WhenAll(gets);

        Assert.All(answers, answer => Assert.Equal("one", answer.Expect(200).Text));
        Assert.Equal(19, answers.Count(answer => answer.Header("Cache-Status")!.EndsWith("collapsed", StringComparison.Ordinal)));
        Assert.Single(server.Source.Requests);
    }

    [Fact]
    public async Task Get_Absent_IsRemembered()
    {
        await using var server = await OriginServer.StartAsync();
        Assert.Equal("kvstore; fwd=uri-miss; fwd-status=404; stored; ttl=30", (await server.GetAsync("absent")).Expect(404).Header("Cache-Status"));
        server.Advance(29);
        Assert.Equal("kvstore; hit; ttl=1", (await server.GetAsync("absent")).Expect(404).Header("Cache-Status"));
        await server.IdleAsync();
        Assert.Equal(2, server.Source.Requests.Count);
    }

    [Fact]
    public async Task Get_Stale_IsServedWhileItIsLoaded()
    {
        await using var server = await OriginServer.StartAsync();
        (await server.GetAsync("a")).Expect(200);
        server.Advance(310);
        var stale = (await server.GetAsync("a")).Expect(200);
        Assert.Equal(("value 1", "310", "kvstore; hit; ttl=-10"), (stale.Text, stale.Header("Age"), stale.Header("Cache-Status")));
        await server.IdleAsync();
        Assert.Equal(("value 2", 2), ((await server.GetAsync("a")).Expect(200).Text, server.Source.Requests.Count));

        server.Advance(361);
        var loaded = (await server.GetAsync("a")).Expect(200);
        Assert.Equal(("value 3", "kvstore; fwd=stale; fwd-status=200; stored; ttl=300"), (loaded.Text, loaded.Header("Cache-Status")));
    }

    [Fact]
    public async Task Get_NearlyStale_IsLoadedAhead()
    {
        await using var server = await OriginServer.StartAsync();
        (await server.GetAsync("a")).Expect(200);
        server.Advance(240);
        Assert.Equal("value 1", (await server.GetAsync("a")).Expect(200).Text);
        await server.IdleAsync();
        Assert.Equal(("value 2", "kvstore; hit; ttl=300"), ((await server.GetAsync("a")).Text, (await server.GetAsync("a")).Header("Cache-Status")));
    }

    [Fact]
    public async Task Get_LoadFails_ServesStaleOrSaysWhy()
    {
        await using var server = await OriginServer.StartAsync(("FailureFor", "0s"));
        (await server.GetAsync("a")).Expect(200);
        server.Source.Answers["a"] = _ => Task.FromResult<LoadResult>(new LoadResult.Failed(LoadFailure.Timeout, null, "The origin did not answer in time."));
        server.Advance(400);
        var stale = (await server.GetAsync("a")).Expect(200);
        Assert.Equal(("value 1", "kvstore; fwd=stale; ttl=-100; detail=timeout"), (stale.Text, stale.Header("Cache-Status")));
        (await server.GetAsync("a", ("Cache-Control", "max-age=60"))).Expect(504);
        (await server.GetAsync("a", ("Cache-Control", "no-cache"))).Expect(504);

        server.Advance(3600);
        var failed = (await server.GetAsync("a")).Expect(504);
        Assert.Equal("kvstore; fwd=stale; detail=timeout", failed.Header("Cache-Status"));
    }

    [Fact]
    public async Task Get_NotModified_KeepsETagAndRevision()
    {
        await using var server = await OriginServer.StartAsync();
        server.Source.Answers["a"] = request => Task.FromResult<LoadResult>(request.ETag is null ? FakeOriginSource.Found("v", "\"x\"") : new LoadResult.NotModified(default));
        var etag = (await server.GetAsync("a")).Expect(200).Header("ETag");
        await server.InvalidateAsync("{\"prefix\":\"rates/\"}");
        var again = (await server.GetAsync("a")).Expect(200);
        Assert.Equal((etag, "kvstore; fwd=stale; fwd-status=304; stored; ttl=300"), (again.Header("ETag"), again.Header("Cache-Status")));
        Assert.Equal([null, "\"x\""], server.Source.Requests.Select(request => request.ETag));
    }

    [Fact]
    public async Task Get_NoStore_IsServedAndNotStored()
    {
        await using var server = await OriginServer.StartAsync();
        var answer = (await server.GetAsync("private")).Expect(200);
        Assert.Equal(("private", "no-store", null, "kvstore; fwd=uri-miss; fwd-status=200"), (answer.Text, answer.Header("Cache-Control"), answer.Header("ETag"), answer.Header("Cache-Status")));
        (await server.GetAsync("private", ("If-Match", "*"))).Expect(412);
        Assert.Equal(2, server.Source.Requests.Count);
        Assert.Equal(0, server.Server.Store.Latest.Count);
    }

    [Theory]
    [InlineData("no-cache", true)]
    [InlineData("no-store", true)]
    [InlineData("max-age=0", true)]
    [InlineData("max-age=9", true)]
    [InlineData("max-age=10", false)]
    [InlineData("MAX-AGE = \"10\" , x=y", false)]
    [InlineData("min-fresh=290", false)]
    [InlineData("min-fresh=291", true)]
    [InlineData("max-stale", false)]
    [InlineData("only-if-cached", false)]
    [InlineData("max-age=99999999999999999999", false)]
    public async Task Get_FreshWithDirective_LoadsIfItMust(string directive, bool isLoaded)
    {
        await using var server = await OriginServer.StartAsync();
        (await server.GetAsync("a")).Expect(200);
        server.Advance(10);
        var answer = (await server.GetAsync("a", ("Cache-Control", directive))).Expect(200);
        Assert.Equal(isLoaded ? "kvstore; fwd=request; fwd-status=200; stored; ttl=300" : "kvstore; hit; ttl=290", answer.Header("Cache-Status"));
        Assert.Equal(isLoaded ? 2 : 1, server.Source.Requests.Count);
    }

    [Theory]
    [InlineData("max-stale=99", true)]
    [InlineData("max-stale=100", false)]
    [InlineData("max-stale", false)]
    [InlineData("max-stale, max-age=399", true)]
    [InlineData("max-stale, max-age=400", false)]
    public async Task Get_StaleWithDirective_LoadsIfItMust(string directive, bool isLoaded)
    {
        await using var server = await OriginServer.StartAsync();
        (await server.GetAsync("a")).Expect(200);
        server.Advance(400);
        var answer = (await server.GetAsync("a", ("Cache-Control", directive))).Expect(200);
        Assert.Equal(isLoaded ? "kvstore; fwd=stale; fwd-status=200; stored; ttl=300" : "kvstore; hit; ttl=-100", answer.Header("Cache-Status"));
    }

    [Fact]
    public async Task Get_OnlyIfCached_LoadsNothing()
    {
        await using var server = await OriginServer.StartAsync();
        (await server.GetAsync("a", ("Cache-Control", "only-if-cached"))).Expect(504);
        (await server.GetAsync("a")).Expect(200);
        server.Advance(301);
        (await server.GetAsync("a", ("Cache-Control", "only-if-cached"))).Expect(200);
        server.Advance(100);
        (await server.GetAsync("a", ("Cache-Control", "only-if-cached"))).Expect(504);
        (await server.GetAsync("a", ("Cache-Control", "only-if-cached, max-stale"))).Expect(200);
        Assert.Single(server.Source.Requests);
    }

    [Theory]
    [InlineData("max-age")]
    [InlineData("max-age=")]
    [InlineData("min-fresh=soon")]
    [InlineData("max-stale=-1")]
    public async Task Get_MalformedDirective_Is400(string directive)
    {
        await using var server = await OriginServer.StartAsync();
        Assert.Equal("Cache-Control", (await server.GetAsync("a", ("Cache-Control", directive))).Expect(400).Json.GetProperty("field").GetString());
    }

    [Fact]
    public async Task Get_InvalidatedWhileItIsLoaded_LoadsAgain()
    {
        await using var server = await OriginServer.StartAsync();
        var gate = new Gate();
        server.Source.Answers["a"] = async _ =>
        {
            await gate.PassAsync();
            return FakeOriginSource.Found($"call {server.Source.Requests.Count}");
        };
        var get = server.GetAsync("a");
        await gate.Reached;
        await server.InvalidateAsync("{\"keys\":[\"rates/a\"]}");
        gate.Open();
        Assert.Equal("call 2", (await get).Expect(200).Text);
        Assert.Equal("call 2", (await server.GetAsync("a")).Expect(200).Text);
    }

    [Fact]
    public async Task Reads_ThatShowWhatIsStored_LoadNothing()
    {
        await using var server = await OriginServer.StartAsync();
        (await server.GetAsync("a")).Expect(200);
        server.Advance(10_000);
        (await server.GetAsync("b?revision=1")).Expect(404);
        (await server.GetAsync("b?wait=0")).Expect(404);
        Assert.Equal(1, (await server.Client.PostJsonAsync("/v1/batch/get", "{\"keys\":[\"rates/b\"]}")).Expect(200).Json.GetProperty("missing").GetArrayLength());
        (await server.Client.PostJsonAsync("/v1/txn", "{\"operations\":[{\"get\":{\"key\":\"rates/b\"}}]}")).Expect(200);
        Assert.Single(server.Source.Requests);
    }

    [Fact]
    public async Task Get_WithAKey_IsPrivate()
    {
        await using var server = await OriginServer.StartAsync(("KvStore:Keys", TestKeys.File));
        var answer = (await server.GetAsync("a", ("X-Api-Key", TestKeys.Read))).Expect(200);
        Assert.Equal("private, max-age=300, stale-while-revalidate=60, stale-if-error=3600", answer.Header("Cache-Control"));
        (await server.GetAsync("a", ("X-Api-Key", TestKeys.Write))).Expect(403);
    }
}
