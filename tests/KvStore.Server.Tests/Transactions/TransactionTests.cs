using System.Globalization;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>POST of /v1/txn: what it does, and what it says of everything that is wrong.</summary>
public sealed class TransactionTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Run_OneOfEach_AnswersInOrder()
    {
        var kept = await PutAsync("each/kept", "old");
        await PutAsync("each/gone", "x");
        await PutAsync("each/from", "moved");

        var answer = await RunAsync("""
            {"operations":[{"put":{"key":"each/new","json": {"a" : [1, 2]} }},{"get":{"key":"each/kept"}},{"put":{"key":"each/kept","text":"é","content_type":"text/markdown"}},
            {"delete":{"key":"each/gone"}},{"delete":{"key":"each/never"}},{"move":{"from":"each/from","to":"each/to"}},{"get":{"key":"each/absent"}},{"put":{"base64":"AP8=","key":"each/bytes","ttl":100}}]}
            """);

        var revision = answer.Expect(200).Revision!.Value;
        var results = answer.Json.GetProperty("results");
        Assert.Equal(revision, answer.Json.GetProperty("revision").GetInt64());
        Assert.Equal($$$"""{"put":{"key":"each/new","revision":{{{revision}}},"created":true}}""", results[0].GetRawText());
        Assert.Equal((kept, "old"), (results[1].GetProperty("get").GetProperty("revision").GetInt64(), results[1].GetProperty("get").GetProperty("text").GetString()));
        Assert.Equal($$$"""{"put":{"key":"each/kept","revision":{{{revision}}},"created":false}}""", results[2].GetRawText());
        Assert.Equal("""{"delete":{"key":"each/gone","deleted":true}}""", results[3].GetRawText());
        Assert.Equal("""{"delete":{"key":"each/never","deleted":false}}""", results[4].GetRawText());
        Assert.Equal($$$"""{"move":{"from":"each/from","to":"each/to","revision":{{{revision}}}}}""", results[5].GetRawText());
        Assert.Equal("""{"get":null}""", results[6].GetRawText());
        await ExpectAsync("each/new", """{"a" : [1, 2]}""", "application/json", revision);
        await ExpectAsync("each/kept", "é", "text/markdown", revision);
        await ExpectAsync("each/to", "moved", "text/plain", revision);
        var bytes = (await server.Client.GetAsync("/v1/kv/each/bytes")).Expect(200);
        Assert.Equal([0, 0xFF], bytes.Body);
        Assert.Equal("application/octet-stream", bytes.ContentType);
        Assert.NotNull(bytes.Header("KvStore-Expires"));
        (await server.Client.GetAsync("/v1/kv/each/from")).Expect(404);
        (await server.Client.GetAsync("/v1/kv/each/gone")).Expect(404);
    }

    [Fact]
    public async Task Run_GuardsFail_NamesAll()
    {
        var one = await PutAsync("guarded/one", "1");
        var answer = await RunAsync($$$"""
            {"guards":[{"key":"guarded/one","revision":{{{one}}}},{"key":"guarded/one","revision":0},{"key":"guarded/two","revision":7},{"key":"guarded/two","exists":true},{"key":"guarded/one","exists":false},{"key":"guarded/two","revision":0}],
             "operations":[{"put":{"key":"guarded/one","text":"2"}},{"move":{"from":"guarded/none","to":"guarded/three"}}]}
            """);

        answer.ExpectProblem(412, "precondition-failed");
        Assert.Equal(one, answer.Revision);
        Assert.Equal(
            $$"""[{"field":"guards[1]","key":"guarded/one","revision":{{one}}},{"field":"guards[2]","key":"guarded/two","revision":null},{"field":"guards[3]","key":"guarded/two","revision":null},{"field":"guards[4]","key":"guarded/one","revision":{{one}}},{"field":"operations[1].move.from","key":"guarded/none","revision":null}]""",
            answer.Json.GetProperty("failed").GetRawText());
        await ExpectAsync("guarded/one", "1", "text/plain", one);
    }

    [Theory]
    [InlineData("If-Match", "*")]
    [InlineData("If-Match", "\"7\"")]
    [InlineData("If-None-Match", "*")]
    public async Task Run_ConditionHeader_IsRejected(string header, string value)
    {
        using var raw = await server.ConnectAsync();
        var answer = await raw.RequestAsync("POST", "/v1/txn", """{"operations":[{"put":{"key":"header/a","text":"v"}}]}""", "Content-Type: application/json", $"{header}: {value}");
        answer.ExpectProblem(400, "malformed-request", header);
        Assert.Contains("guards", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await server.Client.GetAsync("/v1/kv/header/a")).Expect(404);
    }

    [Fact]
    public async Task Run_NoChange_ReturnsReadRevision()
    {
        var revision = await PutAsync("read/only", "v");
        var answer = await RunAsync("""{"operations":[{"get":{"key":"read/only"}},{"delete":{"key":"read/never"}}]}""");
        Assert.Equal(revision, answer.Expect(200).Revision);
        Assert.Equal(revision, (await RunAsync("""{"operations":[]}""")).Expect(200).Revision);
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("[]", "body")]
    [InlineData("{", "body")]
    [InlineData("""{"operations":[]} x""", "body")]
    [InlineData("""{}""", "operations")]
    [InlineData("""{"operations":[],"operations":[]}""", "operations")]
    [InlineData("""{"operations":{}}""", "operations")]
    [InlineData("""{"operations":[],"guard":[]}""", "guard")]
    [InlineData("""{"operations":[],"guards":{}}""", "guards")]
    [InlineData("""{"operations":[],"guards":[1]}""", "guards[0]")]
    [InlineData("""{"operations":[],"guards":[{"key":"a"}]}""", "guards[0].revision")]
    [InlineData("""{"operations":[],"guards":[{"revision":1}]}""", "guards[0].key")]
    [InlineData("""{"operations":[],"guards":[{"key":"a","revision":1},{"key":"a","revision":-1}]}""", "guards[1].revision")]
    [InlineData("""{"operations":[],"guards":[{"key":"a","revision":1.5}]}""", "guards[0].revision")]
    [InlineData("""{"operations":[],"guards":[{"key":"a","revision":1,"exists":true}]}""", "guards[0].exists")]
    [InlineData("""{"operations":[],"guards":[{"key":"a","exists":"true"}]}""", "guards[0].exists")]
    [InlineData("""{"operations":[],"guards":[{"key":"a","key":"a","exists":true}]}""", "guards[0].key")]
    [InlineData("""{"operations":[],"guards":[{"key":"a","exist":true}]}""", "guards[0].exist")]
    [InlineData("""{"operations":[1]}""", "operations[0]")]
    [InlineData("""{"operations":[{}]}""", "operations[0]")]
    [InlineData("""{"operations":[{"pot":{}}]}""", "operations[0].pot")]
    [InlineData("""{"operations":[{"put":1}]}""", "operations[0].put")]
    [InlineData("""{"operations":[{"get":{"key":"a"},"delete":{"key":"b"}}]}""", "operations[0]")]
    [InlineData("""{"operations":[{"put":{"text":"a"}}]}""", "operations[0].put.key")]
    [InlineData("""{"operations":[{"put":{"key":"a"}}]}""", "operations[0].put.text")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a","json":1}}]}""", "operations[0].put.json")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":1}}]}""", "operations[0].put.text")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"\ud800"}}]}""", "operations[0].put.text")]
    [InlineData("""{"operations":[{"put":{"key":"a","base64":"AB"}}]}""", "operations[0].put.base64")]
    [InlineData("""{"operations":[{"put":{"key":"a","base64":"=" }}]}""", "operations[0].put.base64")]
    [InlineData("""{"operations":[{"put":{"key":"a","base64":"QUJD    " }}]}""", "operations[0].put.base64")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a","ttl":0}}]}""", "operations[0].put.ttl")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a","ttl":1,"ttl":1}}]}""", "operations[0].put.ttl")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a","content_type":""}}]}""", "operations[0].put.content_type")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a","content_type":"é"}}]}""", "operations[0].put.content_type")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a","type":"text/plain"}}]}""", "operations[0].put.type")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a"}},{"get":{"key":"a"}},{"delete":{"key":"a"}}]}""", "operations[2].delete.key")]
    [InlineData("""{"operations":[{"put":{"key":"a","text":"a"}},{"move":{"from":"b","to":"a"}}]}""", "operations[1].move.to")]
    [InlineData("""{"operations":[{"move":{"from":"a","to":"b"}},{"move":{"from":"b","to":"c"}}]}""", "operations[1].move.from")]
    [InlineData("""{"operations":[{"move":{"from":"a","to":"a"}}]}""", "operations[0].move.to")]
    [InlineData("""{"operations":[{"move":{"from":"a"}}]}""", "operations[0].move.to")]
    [InlineData("""{"operations":[{"move":{"to":"a"}}]}""", "operations[0].move.from")]
    [InlineData("""{"operations":[{"get":{}}]}""", "operations[0].get.key")]
    [InlineData("""{"operations":[{"get":{"key":null}}]}""", "operations[0].get.key")]
    [InlineData("""{"operations":[{"delete":{"key":"a","revision":1}}]}""", "operations[0].delete.revision")]
    public async Task Run_MalformedBody_NamesMember(string body, string field) => (await RunAsync(body)).ExpectProblem(400, "malformed-request", field);

    [Theory]
    [InlineData("")]
    [InlineData("a/../b")]
    [InlineData("\\u0000")]
    [InlineData("\\u0085")]
    public async Task Run_MalformedKey_IsRejectedAsInUrls(string key) =>
        (await RunAsync($$$"""{"operations":[{"get":{"key":"a"}},{"put":{"key":"{{{key}}}","text":"a"}}]}""")).ExpectProblem(400, "malformed-key", "operations[1].put.key");

    [Fact]
    public async Task Run_KeysOrValuesOverLimit_IsRejected()
    {
        var key = new string('k', 1024);
        (await RunAsync(Put(key, "v"))).Expect(200);
        (await RunAsync(Put(key + "k", "v"))).ExpectProblem(400, "malformed-key", "operations[0].put.key");
        (await RunAsync(Put("large", new string('v', 1 << 20)))).Expect(200);
        (await RunAsync(Put("large", new string('v', (1 << 20) + 1)))).ExpectProblem(413, "too-large", "operations[0].put.text");
        (await RunAsync(Operations(100, Get))).Expect(200);
        (await RunAsync(Operations(101, Get))).ExpectProblem(400, "malformed-request", "operations");
        (await RunAsync(Guards(100))).Expect(200);
        (await RunAsync(Guards(101))).ExpectProblem(400, "malformed-request", "guards");
    }

    [Fact]
    public async Task Run_BodyOverLimit_IsRejected()
    {
        await using var small = await KvServer.StartAsync(("JsonBodyBytesMax", "1024"));
        var frame = Put("k", "").Length;
        (await small.Client.PostJsonAsync("/v1/txn", Put("k", new string('v', 1024 - frame)))).Expect(200);
        (await small.Client.PostJsonAsync("/v1/txn", Put("k", new string('v', 1025 - frame)))).ExpectProblem(413, "too-large");
    }

    [Fact]
    public async Task Run_SevenMebibytes_IsOneCommit()
    {
        var value = new string('v', 1 << 20);
        var answer = (await RunAsync(Operations(7, i => $$$"""{"put":{"key":"{{{i}}}","text":"{{{value}}}"}}"""))).Expect(200);
        foreach (var i in Enumerable.Range(0, 7))
            Assert.Equal($"\"{answer.Revision}\"", (await server.Client.GetAsync($"/v1/kv/{i}")).ETag);
        Assert.All(
            (await RunAsync(Operations(7, Get))).Expect(200).Json.GetProperty("results").EnumerateArray(),
            result => Assert.Equal(1 << 20, result.GetProperty("get").GetProperty("text").GetString()!.Length));
    }

    [Fact]
    public async Task Run_NotUtf8NotJsonOrDeep_IsRejected()
    {
        (await server.Client.SendAsync("POST", "/v1/txn", new ByteArrayContent([.. "{\"operations\":[{\"put\":{\"key\":\"a\",\"json\":\""u8, 0xFF, .. "\"}}]}"u8]), ("Content-Type", "application/json"))).ExpectProblem(400, "malformed-request", "body");
        (await server.Client.SendAsync("POST", "/v1/txn", new StringContent("""{"operations":[]}""", Encoding.UTF8, "text/plain"))).ExpectProblem(415, "unsupported-media-type", "Content-Type");
        (await RunAsync($$$"""{"operations":[{"put":{"key":"deep","json":{{{new string('[', 60)}}}{{{new string(']', 60)}}}}}]}""")).Expect(200);
        (await RunAsync($$$"""{"operations":[{"put":{"key":"deep","json":{{{new string('[', 61)}}}{{{new string(']', 61)}}}}}]}""")).ExpectProblem(400, "malformed-request", "body");
        (await server.Client.PostJsonAsync("/v1/txn?ttl=1", """{"operations":[]}""")).ExpectProblem(400, "malformed-request", "ttl");
    }

    [Fact]
    public async Task Run_Retried_IsReplayed()
    {
        await PutAsync("again/from", "v");
        const string Body = """{"operations":[{"move":{"from":"again/from","to":"again/to"}},{"get":{"key":"again/from"}},{"delete":{"key":"again/never"}}]}""";
        var first = (await server.Client.PostJsonAsync("/v1/txn", Body, ("Idempotency-Key", "move-1"))).Expect(200);
        var second = (await server.Client.PostJsonAsync("/v1/txn", Body, ("Idempotency-Key", "move-1"))).Expect(200);
        Assert.Equal((first.Text, first.Revision, first.ContentType), (second.Text, second.Revision, second.ContentType));
        Assert.Equal((null, "true"), (first.Header("Idempotency-Replayed"), second.Header("Idempotency-Replayed")));
        Assert.Equal("v", first.Json.GetProperty("results")[1].GetProperty("get").GetProperty("text").GetString());
        (await server.Client.PostJsonAsync("/v1/txn", Put("again/other", "v"), ("Idempotency-Key", "move-1"))).ExpectProblem(422, "idempotency-key-reused", "Idempotency-Key");
        (await server.Client.PostJsonAsync("/v1/txn", Body, ("Idempotency-Key", ""))).ExpectProblem(400, "malformed-request", "Idempotency-Key");
    }

    [Fact]
    public async Task Run_LongestTransactionWithIdempotencyKey_IsRecorded()
    {
        await using var small = await KvServer.StartAsync(("ValueBytesMax", "1000"));
        var body = Operations(100, i => $$$"""{"put":{"key":"k{{{i}}}","text":"v"}}""");
        var first = (await small.Client.PostJsonAsync("/v1/txn", body, ("Idempotency-Key", "long"))).Expect(200);
        var second = (await small.Client.PostJsonAsync("/v1/txn", body, ("Idempotency-Key", "long"))).Expect(200);
        Assert.Equal(first.Text, second.Text);
    }

    [Fact]
    public async Task Run_AnswerTooLargeForRecord_IsRejected()
    {
        foreach (var i in Enumerable.Range(0, 3))
            await PutAsync($"heavy/{i}", new string('v', 1 << 20));
        var body = Operations(4, i => i == 3 ? """{"put":{"key":"heavy/new","text":"v"}}""" : Get("heavy/" + i));
        var answer = await server.Client.PostJsonAsync("/v1/txn", body, ("Idempotency-Key", "heavy"));
        answer.ExpectProblem(413, "too-large");
        (await server.Client.GetAsync("/v1/kv/heavy/new")).Expect(404);
    }

    private static string Put(string key, string text) => $$$"""{"operations":[{"put":{"key":"{{{key}}}","text":"{{{text}}}"}}]}""";

    private static string Get<T>(T key) => $$$"""{"get":{"key":"{{{key}}}"}}""";

    private static string Operations(int count, Func<int, string> operation) => "{\"operations\":[" + string.Join(',', Enumerable.Range(0, count).Select(operation)) + "]}";

    private static string Guards(int count) => "{\"operations\":[],\"guards\":[" + string.Join(',', Enumerable.Repeat("""{"key":"a","revision":0}""", count)) + "]}";

    private Task<Response> RunAsync(string body) => server.Client.PostJsonAsync("/v1/txn", body);

    private async Task<long> PutAsync(string key, string value) =>
        (await server.Client.PutAsync("/v1/kv/" + key, value, ("Content-Type", "text/plain"))).Revision!.Value;

    private async Task ExpectAsync(string key, string value, string contentType, long revision)
    {
        var answer = (await server.Client.GetAsync("/v1/kv/" + key)).Expect(200);
        Assert.Equal((value, contentType, revision.ToString(CultureInfo.InvariantCulture)), (answer.Text, answer.ContentType, answer.ETag!.Trim('"')));
    }
}
