using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>Writes that are delivered behind, and /v1/origins/{name}/outbox.</summary>
public sealed class OutboxTests
{
    private static readonly (string, string) Behind = ("Writes", "behind");

    [Fact]
    public async Task Put_Any_IsServedAtOnceAndArrives()
    {
        await using var server = await OriginServer.StartAsync(Behind);
        (await server.Client.PutAsync("/v1/kv/rates/a", "mine")).Expect(201);
        Assert.Equal("mine", (await server.GetAsync("a")).Text);
        await DeliveredAsync(server);
        var write = Assert.Single(server.Source.Writes);
        Assert.Equal(("rates/a", "mine", 1), (write.Key.ToString(), System.Text.Encoding.UTF8.GetString(write.Value!.Value.Span), write.Revision % 1000));
        Assert.Equal(("mine", "kvstore; hit; ttl=300"), ((await server.GetAsync("a")).Text, (await server.GetAsync("a")).Header("Cache-Status")));
        Assert.Empty(server.Source.Requests);
    }

    public static TheoryData<string, string, string?> Ways => new()
    {
        { "PUT /v1/kv/rates/a", "2", null },
        { "DELETE /v1/kv/rates/a", "", null },
        { "PATCH /v1/kv/rates/a", "{\"a\":1}", "application/merge-patch+json" },
        { "POST /v1/counters/rates/a?by=1", "", null },
        { "POST /v1/txn", "{\"operations\":[{\"put\":{\"key\":\"rates/a\",\"json\":1}},{\"put\":{\"key\":\"elsewhere\",\"json\":1}}]}", "application/json" },
        { "POST /v1/txn", "{\"operations\":[{\"move\":{\"from\":\"rates/a\",\"to\":\"elsewhere\"}}]}", "application/json" },
        { "POST /v1/txn", "{\"operations\":[{\"move\":{\"from\":\"other\",\"to\":\"rates/a\"}}]}", "application/json" },
        { "POST /v1/import", "{\"key\":\"rates/a\",\"json\":2}", "application/x-ndjson" },
    };

    // Whatever the way, the origin gets what the key is then.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Write_EveryWay_Arrives(string request, string body, string? contentType)
    {
        await using var server = await OriginServer.StartAsync(Behind);
        (await server.Client.PutAsync("/v1/kv/other", "1")).Expect(201);
        (await server.Client.PutAsync("/v1/kv/rates/a", "1")).Expect(201);
        await DeliveredAsync(server);
        var parts = request.Split(' ');
        using var content = new StringContent(body, null, contentType ?? "text/plain");
        var answer = await server.Client.SendAsync(parts[0], parts[1], body.Length == 0 ? null : content);
        Assert.True(answer.Status is >= 200 and <= 204, answer.Text);
        await DeliveredAsync(server);
        Assert.Equal(2, server.Source.Writes.Count);
        Assert.Equal(server.Server.Store.Latest.Text("rates/a"), server.Source.Writes.Last().Value is { } value ? System.Text.Encoding.UTF8.GetString(value.Span) : "(absent)");
    }

    [Theory]
    [InlineData("Cache-Control", "no-cache")]
    [InlineData("Cache-Control", "max-age=0")]
    [InlineData("Cache-Control", "min-fresh=86400")]
    [InlineData("Cache-Control", "only-if-cached")]
    public async Task Get_OfADirtyKey_NeverLoads(string header, string value)
    {
        await using var server = await OriginServer.StartAsync(Behind, ("FreshFor", "00:00:01"), ("Outbox:AgeMax", "1d"));
        (await server.Client.PutAsync("/v1/kv/rates/away", "mine")).Expect(201);
        server.Advance(7200);
        await server.InvalidateAsync("{\"keys\":[\"rates/away\"]}");
        await server.InvalidateAsync("{\"prefix\":\"rates/\"}");
        Assert.Equal("mine", (await server.GetAsync("away", (header, value))).Expect(200).Text);
        Assert.Equal("mine", (await server.Client.PostJsonAsync("/v1/batch/get?wait=1", "{\"keys\":[\"rates/away\"]}")).Expect(200).Json.GetProperty("items")[0].GetProperty("text").GetString());
        (await server.Client.PostJsonAsync("/v1/origins/acme/load", "{\"keys\":[\"rates/away\"]}")).Expect(202);
        await server.IdleAsync();
        (await server.Client.DeleteAsync("/v1/kv/rates/away")).Expect(204);
        (await server.GetAsync("away", (header, value))).Expect(404);
        Assert.Empty(server.Source.Requests);
    }

    [Fact]
    public async Task Outbox_Parked_CanBeReadRetriedAndDropped()
    {
        await using var server = await OriginServer.StartAsync(Behind);
        foreach (var key in (string[])["a/refused", "b/refused", "c/away"])
            (await server.Client.PutAsync("/v1/kv/rates/" + key, "mine")).Expect(201);
        await Soon.UntilAsync(async () => (await OutboxAsync(server, "?state=parked")).GetArrayLength() == 2);
        var parked = await OutboxAsync(server, "?state=parked");
        Assert.Equal(
            """{"key":"rates/a/refused","revision":0,"state":"parked","since":"2026-01-31T12:00:00.000Z","reason":"The origin answered 422."}""",
            parked[0].GetRawText().Replace($"\"revision\":{parked[0].GetProperty("revision").GetInt64()},", "\"revision\":0,", StringComparison.Ordinal));
        Assert.Equal("rates/c/away", (await OutboxAsync(server, "?state=pending"))[0].GetProperty("key").GetString());
        var status = (await server.Client.GetAsync("/v1/origins/acme")).Expect(200).Json;
        Assert.Equal(("behind", 1, 2), (status.GetProperty("writes").GetString(), status.GetProperty("outbox").GetProperty("pending").GetInt32(), status.GetProperty("outbox").GetProperty("parked").GetInt32()));
        Assert.Contains("kvstore_origin_outbox{origin=\"acme\",state=\"parked\"} 2", (await server.Client.GetAsync("/metrics")).Text, StringComparison.Ordinal);

        server.Source.WriteAnswers["refused"] = _ => Task.FromResult<KvStore.Origins.WriteResult>(new KvStore.Origins.WriteResult.Written());
        Assert.Equal("""{"retried":1,"failed":0}""", (await server.Client.PostJsonAsync("/v1/origins/acme/outbox/retry", "{\"keys\":[\"rates/a/refused\",\"rates/c/away\",\"rates/none\"]}")).Expect(200).Text);
        await Soon.UntilAsync(async () => (await OutboxAsync(server, "")).GetArrayLength() == 2);
        Assert.Equal("""{"dropped":1,"failed":0}""", (await server.Client.DeleteAsync("/v1/origins/acme/outbox?key=rates/b/refused")).Expect(200).Text);
        Assert.Equal("7", (await server.GetAsync("b/refused")).Text);
        Assert.Equal("""{"dropped":1,"failed":0}""", (await server.Client.DeleteAsync("/v1/origins/acme/outbox?prefix=rates/&state=pending")).Expect(200).Text);
        Assert.Equal(0, (await OutboxAsync(server, "")).GetArrayLength());
    }

    [Fact]
    public async Task Outbox_Pages_HaveEachKeyOnce()
    {
        await using var server = await OriginServer.StartAsync(Behind);
        for (var i = 0; i < 7; i++)
            (await server.Client.PutAsync($"/v1/kv/rates/{i}/away", "mine")).Expect(201);
        var keys = new List<string?>();
        string? cursor = null;
        do
        {
            var page = (await server.Client.GetAsync("/v1/origins/acme/outbox?limit=3" + (cursor is null ? "" : "&cursor=" + cursor))).Expect(200).Json;
            keys.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()));
            cursor = page.TryGetProperty("cursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"rates/{i}/away"), keys);
    }

    [Theory]
    [InlineData("GET", "?state=old", "state")]
    [InlineData("GET", "?cursor=x", "cursor")]
    [InlineData("GET", "?limit=0", "limit")]
    [InlineData("DELETE", "", "key")]
    [InlineData("DELETE", "?key=rates/a&prefix=rates/", "key")]
    [InlineData("DELETE", "?key=elsewhere", "key")]
    [InlineData("DELETE", "?prefix=r", "prefix")]
    public async Task Outbox_Malformed_NamesTheParameter(string method, string query, string field)
    {
        await using var server = await OriginServer.StartAsync(Behind);
        Assert.Equal(field, (await server.Client.SendAsync(method, "/v1/origins/acme/outbox" + query, null)).Expect(400).Json.GetProperty("field").GetString());
    }

    [Fact]
    public async Task Outbox_Full_RejectsThatPrefixOnly()
    {
        await using var server = await OriginServer.StartAsync(Behind, ("Outbox:EntriesMax", "1"));
        (await server.Client.PutAsync("/v1/kv/rates/away", "1")).Expect(201);
        var full = (await server.Client.PutAsync("/v1/kv/rates/b", "1")).Expect(429);
        Assert.Equal(("5", "/docs/http-api#outbox-full"), (full.Header("Retry-After"), full.Json.GetProperty("type").GetString()));
        (await server.Client.PutAsync("/v1/kv/rates/away", "2")).Expect(204);
        (await server.Client.PutAsync("/v1/kv/elsewhere", "1")).Expect(201);
        (await server.Client.ImportAsync("{\"key\":\"rates/b\",\"json\":1}\n")).Expect(429);
    }

    private static async Task<JsonElement> OutboxAsync(OriginServer server, string query) => (await server.Client.GetAsync("/v1/origins/acme/outbox" + query)).Expect(200).Json.GetProperty("items");

    private static Task DeliveredAsync(OriginServer server) => Soon.UntilAsync(() => server.Origin.Outbox!.Status.Pending == 0);
}
