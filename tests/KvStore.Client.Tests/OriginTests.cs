namespace KvStore.Client.Tests;

/// <summary>Entries of origins: how fresh they have to be, how they were answered, and what is retried.</summary>
public sealed class OriginTests
{
    private const string Lines = "application/x-ndjson";
    private const string Entry = """{"key":"rates/a","revision":3,"created_revision":3,"version":1,"content_type":"text/plain","size":1,"text":"v"}""";
    private const string Rest = """{"missing":["rates/b"],"pending":["rates/c"],"errors":[{"key":"rates/d","type":"/docs/http-api#origin-timeout","detail":"Slow."}]}""";

    [Fact]
    public async Task Get_Freshness_IsAskedFor()
    {
        var asked = new List<string?>();
        await using var server = new ScriptedServer((request, connection) =>
        {
            asked.Add(request.Header("Cache-Control"));
            return connection.SendAsync(Answers.Entry("v"));
        });
        using var client = Clients.ClientOf(server);
        foreach (var freshness in (KvFreshness?[])[
            null, new(), new() { NoCache = true }, new() { MaxAge = TimeSpan.FromSeconds(60.9), MaxStale = TimeSpan.Zero }, new() { MinFresh = TimeSpan.FromMinutes(1), OnlyIfCached = true }])
            await client.GetAsync("rates/a", new KvReadOptions { Freshness = freshness }, Clients.Token);
        Assert.Equal([null, null, "no-cache", "max-age=60, max-stale=0", "only-if-cached, min-fresh=60"], asked);
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetAsync("rates/a", new KvReadOptions { Freshness = new() { MaxAge = TimeSpan.FromSeconds(-1) } }, Clients.Token));
    }

    [Theory]
    [InlineData("Cache-Status: kvstore; hit; ttl=37\r\nAge: 3\r\n", "hit  37 3")]
    [InlineData("Cache-Status: kvstore; hit; ttl=-10\r\nAge: 310\r\n", "hit stale  -10 310")]
    [InlineData("Cache-Status: kvstore; fwd=uri-miss; fwd-status=200; stored; ttl=280; collapsed\r\nAge: 0\r\n", "stored collapsed uri-miss200 280 0")]
    [InlineData("Cache-Status: kvstore; fwd=stale; ttl=-5; detail=timeout\r\nAge: 305\r\n", "stale stale timeout -5 305")]
    [InlineData("Cache-Status: kvstore; fwd=uri-miss; fwd-status=200\r\n", "uri-miss200  ")]
    [InlineData("Cache-Status: kvstore; hit; ttl=37, proxy; fwd=miss\r\n", "hit  37 ")]
    [InlineData("Cache-Status: proxy; hit\r\n", null)]
    [InlineData("", null)]
    public async Task Get_CacheStatus_IsRead(string headers, string? expected)
    {
        await using var server = ScriptedServer.Always(Answers.Of(200, "v", headers: "ETag: \"7\"\r\n" + headers));
        using var client = Clients.ClientOf(server);
        var cache = (await client.GetAsync("rates/a", cancellationToken: Clients.Token))!.Cache;
        Assert.Equal(expected, cache is null ? null : string.Concat(
            cache.IsHit ? "hit " : "", cache.IsStored ? "stored " : "", cache.IsCollapsed ? "collapsed " : "", cache.IsStale ? "stale " : "",
            $"{cache.Forward}{cache.ForwardStatus}{(cache.Detail is null ? "" : " " + cache.Detail)} {cache.FreshLeft?.TotalSeconds} {cache.Age?.TotalSeconds}"));
    }

    [Theory]
    [InlineData(502, "origin-failed", 1)]
    [InlineData(504, "origin-timeout", 1)]
    [InlineData(504, "not-cached", 1)]
    [InlineData(409, "origin-refuses-writes", 1)]
    [InlineData(503, "origin-unavailable", 3)]
    [InlineData(429, "too-many-loads", 3)]
    public async Task Get_OriginFails_IsRetriedIfThatIsUseful(int status, string problem, int attempts)
    {
        var count = 0;
        await using var server = new ScriptedServer((_, connection) =>
        {
            count++;
            return connection.SendAsync(Answers.Problem(status, problem, headers: "Retry-After: 5\r\n"));
        });
        using var client = new KvStoreClient(server.Address, new KvStoreClientOptions { RetriesMax = 2, RetryDelayMax = TimeSpan.FromMilliseconds(1), RetryDelay = TimeSpan.FromMilliseconds(1) });
        var failure = await Assert.ThrowsAsync<KvOriginException>(() => client.GetAsync("rates/a", cancellationToken: Clients.Token));
        Assert.Equal((problem, TimeSpan.FromSeconds(5), KvOutcome.NotApplied, attempts), (failure.Problem, failure.RetryAfter, failure.Outcome, count));
    }

    [Fact]
    public async Task GetMany_WithWait_SaysWhatBecameOfAll()
    {
        string? target = null;
        await using var server = new ScriptedServer((request, connection) =>
        {
            target = request.Target;
            return connection.SendAsync(Answers.Of(200, $"{{\"revision\":7,\"items\":[{Entry}],{Rest[1..]}"));
        });
        using var client = Clients.ClientOf(server);
        var batch = await client.GetManyAsync(["rates/a", "rates/b", "rates/c", "rates/d"], TimeSpan.FromSeconds(2), cancellationToken: Clients.Token);
        Assert.Equal(("/v1/batch/get?wait=2000ms", "v"), (target, batch.Entries["rates/a"].Text));
        CheckRest(batch.Rest);
    }

    [Fact]
    public async Task StreamMany_Lines_AreParts()
    {
        await using var server = ScriptedServer.Always(Answers.Of(200, $"{Entry}\n{Rest}\n", contentType: Lines));
        using var client = Clients.ClientOf(server);
        var parts = await client.StreamManyAsync(["rates/a"], TimeSpan.FromSeconds(2), cancellationToken: Clients.Token).ToListAsync(Clients.Token);
        Assert.Equal(2, parts.Count);
        Assert.Equal("v", Assert.IsType<KvBatchPart.Entry>(parts[0]).Value.Text);
        CheckRest(Assert.IsType<KvBatchPart.Ended>(parts[1]).Rest);
    }

    [Theory]
    [InlineData(Entry + "\n", "The stream of the batch ended before its last line.")]
    [InlineData("<html>\n", "This version of the client cannot read a line of the batch.")]
    public async Task StreamMany_NotToItsEnd_Fails(string body, string message)
    {
        await using var server = ScriptedServer.Always(Answers.Of(200, body, contentType: Lines));
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAsync<KvStoreException>(async () => await client.StreamManyAsync(["rates/a"], TimeSpan.Zero, cancellationToken: Clients.Token).ToListAsync(Clients.Token));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
    }

    // An invalidation that is applied twice is one, so it needs no idempotency key to be repeated.
    [Fact]
    public async Task Invalidate_LostAnswer_IsRepeated()
    {
        await using var server = ScriptedServer.Of(null, Answers.Of(200, "{\"revision\":9}", revision: 9));
        using var client = Clients.ClientOf(server);
        Assert.Equal(9, (await client.InvalidateAsync("acme", ["rates/a"], Clients.Token)).Number);
    }

    private static void CheckRest(KvBatchRest rest)
    {
        Assert.Equal(["rates/b"], rest.Missing);
        Assert.Equal(["rates/c"], rest.Pending);
        Assert.Equal([new KvLoadError("rates/d", "origin-timeout", "Slow.")], rest.Errors);
    }
}
