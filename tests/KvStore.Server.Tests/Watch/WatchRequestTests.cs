namespace KvStore.Server.Tests;

/// <summary>Which watches begin, and which are refused and how.</summary>
public sealed class WatchRequestTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("", "key")]
    [InlineData("?key=a&prefix=b", "key")]
    [InlineData("?after=1", "key")]
    [InlineData("?prefix=a&after=-1", "after")]
    [InlineData("?prefix=a&after=many", "after")]
    [InlineData("?prefix=a&after=", "after")]
    [InlineData("?prefix=a&after=9223372036854775807", "after")]
    [InlineData("?prefix=a&after=0123456789abcdef", "after")]
    [InlineData("?prefix=a&after=0123456789abcdef.", "after")]
    [InlineData("?prefix=a&after=0123456789ABCDEF.1", "after")]
    [InlineData("?prefix=a&after=0000000000000000.1", "after")]
    [InlineData("?prefix=a&after=.1", "after")]
    [InlineData("?prefix=a&after=0&initial=true", "after")]
    [InlineData("?prefix=a&from=1", "from")]
    [InlineData("?prefix=a&initial=maybe", "initial")]
    [InlineData("?prefix=a&values=2", "values")]
    [InlineData("?prefix=a&value=false", "value")]
    [InlineData("?prefix=a&prefix=b", "prefix")]
    public async Task Watch_MalformedQuery_IsRejected(string query, string field) =>
        (await server.Client.GetAsync("/v1/watch" + query)).ExpectProblem(400, "malformed-request", field);

    [Theory]
    [InlineData("?key=")]
    [InlineData("?key=%00idempotency/a")]
    [InlineData("?key=a/../b")]
    public async Task Watch_InvalidKey_IsRejected(string query) =>
        (await server.Client.GetAsync("/v1/watch" + query)).ExpectProblem(400, "malformed-key", "key");

    [Fact]
    public async Task Watch_TooLongKeyOrPrefix_IsRejected()
    {
        (await server.Client.GetAsync("/v1/watch?key=" + new string('k', 1025))).ExpectProblem(400, "malformed-key", "key");
        (await server.Client.GetAsync("/v1/watch?prefix=" + new string('k', 1025))).Expect(400);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1 2")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("0123456789abcdef")]
    [InlineData("0123456789abcdef.x")]
    [InlineData("0123456789abcdef.1.2")]
    public async Task Watch_MalformedLastEventId_IsRejected(string id) =>
        (await server.Client.GetAsync("/v1/watch?prefix=", ("Last-Event-ID", id))).ExpectProblem(400, "malformed-request", "Last-Event-ID");

    [Fact]
    public async Task Watch_From_IsRejectedWithAfter() =>
        Assert.Contains("after", (await server.Client.GetAsync("/v1/watch?prefix=&from=1")).ExpectProblem(400, "malformed-request", "from").Json.GetProperty("detail").GetString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task Watch_OtherMethod_Is405(string method) =>
        (await server.Client.SendAsync(method, "/v1/watch?prefix=", null)).ExpectProblem(405, "method-not-allowed");

    [Fact]
    public async Task Watch_BeforeHistory_IsGoneWithOldest()
    {
        await using var own = await KvServer.StartAsync(("HistoryCommitsMax", "3"));
        for (var i = 0; i < 10; i++)
            await own.Client.PutAsync("/v1/kv/k", $"{i}");
        foreach (var (gone, field) in new[]
        {
            (await own.Client.GetAsync("/v1/watch?prefix=&after=6"), "after"),
            (await own.Client.GetAsync("/v1/watch?key=absent&after=6"), "after"),
            (await own.Client.GetAsync("/v1/watch?prefix=&initial=true", ("Last-Event-ID", "6")), "Last-Event-ID"),
        })
            Assert.Equal(7, gone.ExpectProblem(410, "revision-gone", field).Json.GetProperty("oldest_revision").GetInt64());

        using var edge = await EventStream.OpenAsync(own.Address, "?prefix=&after=7");
        foreach (var revision in new[] { 8, 9, 10 })
            Assert.Equal(revision, (await edge.NextAsync("change")).Revision);
    }

    [Fact]
    public async Task Watch_AtLimit_IsRejectedUntilOneLeaves()
    {
        await using var own = await KvServer.StartAsync(("WatchersMax", "1"));
        using (await EventStream.OpenAsync(own.Address, "?prefix="))
        {
            var refused = (await own.Client.GetAsync("/v1/watch?prefix=")).ExpectProblem(429, "too-many-watchers");
            Assert.Equal("5", refused.Header("Retry-After"));
        }

        await own.WatchersAsync(0);
        using var next = await EventStream.OpenAsync(own.Address, "?prefix=");
        Assert.Equal(200, (int)next.Status);
    }

    [Fact]
    public async Task Watch_StoreLoading_IsRejected()
    {
        var gate = new Gate();
        await using var own = await KvServer.StartAsync(new FakeCommitLog { Following = _ => gate.PassAsync() });
        var refused = (await own.Client.GetAsync("/v1/watch?prefix=")).ExpectProblem(503, "unavailable");
        Assert.Equal("1", refused.Header("Retry-After"));
        gate.Open();
    }

    [Fact]
    public async Task Watch_ServiceStopping_IsRejected()
    {
        await using var own = await KvServer.StartAsync();
        own.Store.StopWatchers();
        (await own.Client.GetAsync("/v1/watch?prefix=")).ExpectProblem(503, "unavailable");
    }
}
