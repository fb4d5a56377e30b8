namespace KvStore.Server.Tests;

/// <summary>
/// Revisions that a client comes back to: of this store, of another one, of the future, and lost ones. The store has recovered revisions 1 to 3
/// and continues at 1000.
/// </summary>
public sealed class PositionTests : IAsyncLifetime
{
    private const long Recovered = 3, Resumed = 1_000;
    private const string Other = "0123456789abcdef";

    private KvServer _server = null!;

    private StoreId Store => _server.Store.Id!.Value;

    public async ValueTask InitializeAsync() => _server = await KvServer.StartAsync(new FakeCommitLog
    {
        FirstCommits = [New("a", 1), New("b", 2), New("c", Recovered), Commit.Gap(Resumed)],
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Response_OfAnyEndpoint_NamesTheStore()
    {
        foreach (var target in new[] { "/v1/kv/a", "/v1/kv/absent", "/v1/kv", "/v1/kv?limit=x", "/v1/export", "/v1/status", "/metrics", "/livez", "/readyz", "/person/get?id=1" })
            Assert.Equal($"{Store}", (await _server.Client.GetAsync(target)).Header("KvStore-Store-Id"));
        Assert.Equal($"{Store}", (await _server.Client.PutAsync("/v1/kv/a", "v")).Header("KvStore-Store-Id"));
        using var watch = await EventStream.OpenAsync(_server.Address, "?prefix=");
        Assert.Equal($"{Store}", watch.Header("KvStore-Store-Id"));

        var status = (await _server.Client.GetAsync("/v1/status")).Expect(200).Json;
        Assert.Equal($"{Store}", status.GetProperty("store_id").GetString());
        Assert.Contains($"kvstore_store_info{{store_id=\"{Store}\"}} 1\n", (await _server.Client.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_NamesAStore_IsServedByThatOneOnly()
    {
        (await _server.Client.PutAsync("/v1/kv/a", "here", ("KvStore-Store-Id", $"{Store}"))).Expect(204);
        var rejected = (await _server.Client.PutAsync("/v1/kv/a", "elsewhere", ("KvStore-Store-Id", Other))).ExpectProblem(410, "other-store", "KvStore-Store-Id");
        Assert.Equal($"{Store}", rejected.Header("KvStore-Store-Id"));
        Assert.Equal("here", (await _server.Client.GetAsync("/v1/kv/a", ("KvStore-Store-Id", $"{Store}"))).Expect(200).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0000000000000000")]
    [InlineData("0123456789ABCDEF")]
    [InlineData("0123456789abcdef, 0123456789abcdef")]
    public async Task Request_MalformedStore_IsRejected(string id) =>
        (await _server.Client.PutAsync("/v1/kv/a", "v", ("KvStore-Store-Id", id))).ExpectProblem(400, "malformed-request", "KvStore-Store-Id");

    [Fact]
    public async Task Request_NamesAStoreWhileLoading_IsUnavailable()
    {
        var gate = new Gate();
        await using var loading = await KvServer.StartAsync(new FakeCommitLog { Following = _ => gate.PassAsync() });
        (await loading.Client.GetAsync("/v1/status", ("KvStore-Store-Id", Other))).ExpectProblem(503, "unavailable");
        var status = (await loading.Client.GetAsync("/v1/status")).Expect(200);
        Assert.False(status.Json.TryGetProperty("store_id", out _));
        Assert.Null(status.Header("KvStore-Store-Id"));
        gate.Open();
    }

    [Theory]
    [InlineData(Recovered + 1)]
    [InlineData(500)]
    [InlineData(Resumed - 1)]
    public async Task Read_LostRevision_IsGone(long lost)
    {
        foreach (var (target, field) in new[]
        {
            ($"/v1/kv/a?revision={lost}", "revision"), ($"/v1/kv/a?min_revision={lost}", "min_revision"), ($"/v1/kv/a?min_revision={lost}&consistency=local", "min_revision"),
            ($"/v1/kv?revision={lost}", "revision"), ($"/v1/export?revision={lost}", "revision"), ($"/v1/kv?cursor={CursorAt(lost)}", "cursor"),
            ($"/v1/watch?prefix=&after={lost}", "after"), ($"/v1/watch?prefix=&after={Store}.{lost}", "after"), ($"/v1/watch?prefix=&min_revision={lost}", "min_revision"),
            ($"/v1/kv/a?wait=60&after={lost}", "after"), ($"/v1/kv/absent?wait=60&after={lost}", "after"),
        })
            Assert.Contains($"{lost} is lost", (await _server.Client.GetAsync(target)).ExpectProblem(410, "revision-gone", field).Text, StringComparison.Ordinal);
        (await _server.Client.GetAsync("/v1/watch?prefix=", ("Last-Event-ID", $"{Store}.{lost}"))).ExpectProblem(410, "revision-gone", "Last-Event-ID");
    }

    [Theory]
    [InlineData(Recovered)]
    [InlineData(Resumed)]
    public async Task Read_EdgeOfGap_IsServed(long revision)
    {
        Assert.Equal(["a", "b", "c"], (await _server.Client.GetAsync($"/v1/kv?revision={revision}")).Expect(200).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()));
        Assert.Equal(Resumed, (await _server.Client.GetAsync($"/v1/kv/a?min_revision={revision}")).Expect(200).Revision);
        Assert.Equal(Resumed, (await _server.Client.GetAsync($"/v1/kv/a?wait=0&after={Store}.{revision}")).Expect(304).Revision);

        using var watch = await EventStream.OpenAsync(_server.Address, "?prefix=", $"{Store}.{revision}");
        (await _server.Client.PutAsync("/v1/kv/d", "v")).Expect(201);
        Assert.Equal($"{Store}.{Resumed + 1}", (await watch.NextAsync("change")).Id);
    }

    [Fact]
    public async Task Read_PositionOfOtherStore_IsGone()
    {
        foreach (var revision in new[] { 0, Recovered, 500, Resumed, 5_000 })
        {
            (await _server.Client.GetAsync($"/v1/watch?prefix=&after={Other}.{revision}")).ExpectProblem(410, "other-store", "after");
            (await _server.Client.GetAsync("/v1/watch?prefix=&initial=true", ("Last-Event-ID", $"{Other}.{revision}"))).ExpectProblem(410, "other-store", "Last-Event-ID");
            (await _server.Client.GetAsync($"/v1/kv/a?wait=60&after={Other}.{revision}")).ExpectProblem(410, "other-store", "after");
        }
    }

    // Waiting for it would pass over what the store writes until it is there.
    [Theory]
    [InlineData(Resumed + 1)]
    [InlineData(1_000_000)]
    [InlineData(long.MaxValue - 1)]
    public async Task Read_FuturePosition_IsGone(long future)
    {
        foreach (var position in new[] { $"{future}", $"{Store}.{future}" })
        {
            (await _server.Client.GetAsync($"/v1/watch?prefix=&after={position}")).ExpectProblem(410, "revision-gone", "after");
            (await _server.Client.GetAsync("/v1/watch?prefix=", ("Last-Event-ID", position))).ExpectProblem(410, "revision-gone", "Last-Event-ID");
            var poll = (await _server.Client.GetAsync($"/v1/kv/a?wait=60&after={position}")).ExpectProblem(410, "revision-gone", "after");
            Assert.Null(poll.Revision);
        }

        var listing = (await _server.Client.GetAsync($"/v1/kv?cursor={CursorAt(future)}")).ExpectProblem(410, "revision-gone", "cursor");
        Assert.Contains($"has not reached revision {future}", listing.Text, StringComparison.Ordinal);
    }

    private string CursorAt(long revision) => new Cursor(Store, revision, default, default, "a"u8.ToArray()).ToString();

    private static Commit New(string key, long revision) =>
        new(revision, new EntryChange(null, Entry.Create(Some.Key(key), Some.Bytes("value"), "text/plain", revision, revision, 1, 0)));
}
