using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Keys of an origin that only clients can ask: one of them loads an absent or stale key, and what it loads is not stored over something newer.</summary>
public sealed class LoadLeaseTests : IAsyncLifetime
{
    private const string Token = "KvStore-Load-Token";
    private const string Key = "/v1/kv/aside/k";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private KvServer _server = null!;

    private KvClient Client => _server.Client;

    public static TheoryData<string> Changes => ["put", "delete", "move", "invalidate the key", "invalidate the prefix", "another load", "delete the prefix"];

    public async ValueTask InitializeAsync() => _server = await KvServer.StartAsync(new KvServerOptions
    {
        Settings = { ["KvStore:Origins:aside:Prefix"] = "aside/", ["KvStore:Origins:aside:Writes"] = "local", ["KvStore:Origins:aside:JitterPercent"] = "0" },
        Services = services => services.AddSingleton<TimeProvider>(_time),
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Get_AbsentKey_GivesATokenToOneClient()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Client.GetAsync(Key)));
        Assert.All(answers, answer => answer.ExpectProblem(404, "not-found"));
        Assert.Single(answers, answer => answer.Header(Token) is not null && answer.Header("Retry-After") is null);
        Assert.Equal(9, answers.Count(answer => answer.Header(Token) is null && answer.Header("Retry-After") == "1"));

        // Who does not come back is not waited for longer than a load may take.
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.NotNull((await Client.GetAsync(Key)).Header(Token));
    }

    [Fact]
    public async Task Put_WithTheToken_IsStoredAndFresh()
    {
        var token = await TakeAsync();
        var stored = (await Client.PutAsync(Key, "loaded", (Token, token))).Expect(201);
        var read = (await Client.GetAsync(Key)).Expect(200);
        Assert.Equal(("loaded", stored.ETag, "kvstore; hit; ttl=300", null), (read.Text, read.ETag, read.Header("Cache-Status"), read.Header(Token)));
        (await Client.PutAsync(Key, "again", (Token, token))).ExpectProblem(412, "load-token-outdated", Token);

        // Stale, and served while one client loads it.
        _time.Advance(TimeSpan.FromMinutes(5));
        var stale = (await Client.GetAsync(Key)).Expect(200);
        Assert.Equal(("loaded", "kvstore; hit; ttl=0"), (stale.Text, stale.Header("Cache-Status")));
        Assert.Equal("1", (await Client.GetAsync(Key)).Expect(200).Header("Retry-After"));
        (await Client.PutAsync(Key, "newer", (Token, stale.Header(Token)!))).Expect(204);
        Assert.Equal("newer", (await Client.GetAsync(Key)).Text);
    }

    [Fact]
    public async Task Delete_WithTheToken_RemembersThatThereIsNothing()
    {
        (await Client.DeleteAsync(Key, (Token, await TakeAsync()))).Expect(204);
        var absent = (await Client.GetAsync(Key)).ExpectProblem(404, "not-found");
        Assert.Equal(("kvstore; hit; ttl=30", null, null), (absent.Header("Cache-Status"), absent.Header(Token), absent.Header("Retry-After")));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.NotNull((await Client.GetAsync(Key)).Header(Token));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Put_AfterAChange_IsOutdated(string change)
    {
        (await Client.PutAsync(Key, "before")).Expect(201);
        await InvalidateAsync("{\"keys\":[\"aside/k\"]}");
        var token = await TakeAsync();
        await ChangeAsync(change);
        var revision = _server.Store.Latest.Revision;
        (await Client.PutAsync(Key, "old", (Token, token))).ExpectProblem(412, "load-token-outdated", Token);
        (await Client.DeleteAsync(Key, (Token, token))).ExpectProblem(412, "load-token-outdated", Token);
        Assert.Equal(revision, _server.Store.Latest.Revision);
    }

    // The guard "absent" alone would pass again.
    [Fact]
    public async Task Put_AfterAPutAndADelete_IsOutdated()
    {
        var token = await TakeAsync();
        (await Client.PutAsync(Key, "written")).Expect(201);
        (await Client.DeleteAsync(Key)).Expect(204);
        (await Client.PutAsync(Key, "old", (Token, token))).ExpectProblem(412, "load-token-outdated", Token);
    }

    [Fact]
    public async Task Put_WithAnotherToken_IsOutdated()
    {
        var token = await TakeAsync();
        (await Client.PutAsync("/v1/kv/aside/other", "loaded", (Token, token))).ExpectProblem(412, "load-token-outdated", Token);
        (await Client.PutAsync("/v1/kv/elsewhere", "loaded", (Token, token))).ExpectProblem(412, "load-token-outdated", Token);
        (await Client.PutAsync(Key, "loaded", (Token, "no token"))).ExpectProblem(412, "load-token-outdated", Token);
        (await Client.PutAsync(Key + "?ttl=60", "loaded", (Token, token))).ExpectProblem(400, "malformed-request", "ttl");
        (await Client.PatchAsync(Key, "{}", ("Content-Type", "application/merge-patch+json"), (Token, token))).ExpectProblem(400, "malformed-request", Token);
        _time.Advance(TimeSpan.FromSeconds(41));
        (await Client.PutAsync(Key, "loaded", (Token, token))).ExpectProblem(412, "load-token-outdated", Token);
    }

    [Fact]
    public async Task Repeated_PutWithTheToken_IsReplayed()
    {
        var token = await TakeAsync();
        for (var i = 0; i < 2; i++)
            (await Client.PutAsync(Key, "loaded", (Token, token), ("Idempotency-Key", "k"))).Expect(201);
    }

    /// <summary>There is nothing to load from, so nothing waits for it.</summary>
    [Fact]
    public async Task OtherRequests_TakeTheStoreAsItIs()
    {
        Assert.Empty((await Client.PostJsonAsync("/v1/batch/get?wait=5", "{\"keys\":[\"aside/k\"]}")).Expect(200).Json.GetProperty("items").EnumerateArray());
        Assert.Equal("1", (await Client.PostAsync("/v1/counters/aside/n")).Expect(200).Text);
        (await Client.PutAsync(Key, "created", ("If-None-Match", "*"))).Expect(201);
        (await Client.DeleteAsync("/v1/kv/aside/none")).ExpectProblem(404, "not-found");
        Assert.Equal(1, (await Client.PostJsonAsync("/v1/origins/aside/load", "{\"keys\":[\"aside/k\"]}")).Expect(202).Json.GetProperty("refused").GetInt32());
    }

    private async Task<string> TakeAsync() => (await Client.GetAsync(Key)).Header(Token) ?? throw new InvalidOperationException("There is no token.");

    private async Task InvalidateAsync(string body) => (await Client.PostJsonAsync("/v1/origins/aside/invalidate", body)).Expect(200);

    private async Task ChangeAsync(string change)
    {
        switch (change)
        {
            case "put":
                (await Client.PutAsync(Key, "written")).Expect(204);
                break;
            case "delete":
                (await Client.DeleteAsync(Key)).Expect(204);
                break;
            case "move":
                (await Client.PostJsonAsync("/v1/txn", "{\"operations\":[{\"move\":{\"from\":\"aside/k\",\"to\":\"other\"}}]}")).Expect(200);
                break;
            case "invalidate the key":
                await InvalidateAsync("{\"keys\":[\"aside/k\"]}");
                break;
            case "invalidate the prefix":
                await InvalidateAsync("{\"prefix\":\"aside/\"}");
                break;
            case "delete the prefix":
                (await Client.DeleteAsync("/v1/kv?prefix=aside/")).Expect(200);
                break;
            default:
                _time.Advance(TimeSpan.FromSeconds(10));
                (await Client.PutAsync(Key, "loaded", (Token, await TakeAsync()))).Expect(204);
                break;
        }
    }
}
