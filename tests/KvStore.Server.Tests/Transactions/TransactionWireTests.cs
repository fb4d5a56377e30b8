using System.Text;

namespace KvStore.Server.Tests;

/// <summary>POST of /v1/txn, byte by byte: bodies that are parsed where the web server has them, and answers that are put together in one piece.</summary>
public sealed class TransactionWireTests(KvServer server) : IClassFixture<KvServer>
{
    // A key of at most 160 bytes that needs no escapes is plain. The answer to puts of plain keys alone is put together in one piece.
    [Theory]
    [InlineData("wire/a", "wire/b", true)]
    [InlineData("wire/é", "wire/~ ", true)]
    [InlineData("wire/c", "wire/\\\"", false)]
    [InlineData("160", "wire/d", true)]
    [InlineData("wire/e", "161", false)]
    public async Task Run_Puts_AnswerDoesNotDependOnHowItIsWritten(string one, string other, bool isPlain)
    {
        string[] keys = [KeyOf(one), KeyOf(other)];
        var puts = string.Join(',', keys.Select(Put));
        var alone = (await server.Client.PostJsonAsync("/v1/txn", $$"""{"operations":[{{puts}}]}""")).Expect(200);
        Assert.Equal(Answer(alone.Revision, keys, "true") + "]}", alone.Text);
        Assert.Equal(isPlain, alone.Header("Content-Length") is not null);
        var mixed = (await server.Client.PostJsonAsync("/v1/txn", $$$"""{"operations":[{{{puts}}},{"get":{"key":"wire/none"}}]}""")).Expect(200);
        Assert.Equal(Answer(mixed.Revision, keys, "false") + ",{\"get\":null}]}", mixed.Text);
        Assert.Equal(("application/json", "no-store"), (alone.ContentType, alone.Header("Cache-Control")));
    }

    // With a hundred keys the answer is longer than the memory that the web server writes into.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Run_ManyPuts_AnswersForEach(int count)
    {
        string[] keys = [.. Enumerable.Range(0, count).Select(i => $"many/{count}/{i}/{new string('k', 100)}")];
        var answer = (await server.Client.PostJsonAsync("/v1/txn", $$"""{"operations":[{{string.Join(',', keys.Select(Put))}}]}""")).Expect(200);
        Assert.Equal(Answer(answer.Revision, keys, "true") + "]}", answer.Text);
    }

    // The bodies of all are in the same memory, which the first one must leave where it ends, and the last body is in several pieces of it.
    [Fact]
    public async Task Run_RequestsSentTogether_EachHasItsOwnBody()
    {
        using var raw = await server.ConnectAsync();
        string[] bodies =
        [
            """{"operations":[{"put":{"key":"together/a","text":"1"}}]}""",
            """{"operations":[{"put":{"key":"together/a","text":"1"}},{"put":{"key":"together/a","text":"2"}}]}""",
            """{"operations":[""",
            $$$"""{"operations":[{"put":{"key":"together/b","text":"{{{new string('v', 100_000)}}}"}}]}""",
        ];
        await raw.SendAsync(string.Concat(bodies.Select(body => $"POST /v1/txn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}")));
        (await raw.ReadAsync("POST")).Expect(200);
        (await raw.ReadAsync("POST")).ExpectProblem(400, "malformed-request", "operations[1].put.key");
        (await raw.ReadAsync("POST")).ExpectProblem(400, "malformed-request", "body");
        (await raw.ReadAsync("POST")).Expect(200);
        Assert.Equal("1", (await server.Client.GetAsync("/v1/kv/together/a")).Expect(200).Text);
        Assert.Equal(100_000, (await server.Client.GetAsync("/v1/kv/together/b")).Expect(200).Body.Length);
    }

    // What is stored must not change when the web server uses the memory of the body for the next request.
    [Fact]
    public async Task Run_NextBodyInSameMemory_LeavesValuesAlone()
    {
        using var raw = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
            (await raw.RequestAsync("POST", "/v1/txn", $$$"""{"operations":[{"put":{"key":"same/{{{i}}}","text":"{{{new string((char)('a' + i), 500)}}}"}}]}""", "Content-Type: application/json")).Expect(200);
        for (var i = 0; i < 3; i++)
            Assert.Equal(new string((char)('a' + i), 500), (await server.Client.GetAsync($"/v1/kv/same/{i}")).Expect(200).Text);
    }

    private static string KeyOf(string text) => text is "160" or "161" ? new string('k', int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)) : text;

    private static string Put(string key) => $$$"""{"put":{"key":"{{{key}}}","text":"v"}}""";

    private static string Answer(long? revision, string[] keys, string created) => new StringBuilder()
        .Append("{\"revision\":").Append(revision).Append(",\"results\":[")
        .AppendJoin(',', keys.Select(key => $$$"""{"put":{"key":"{{{key}}}","revision":{{{revision}}},"created":{{{created}}}}}"""))
        .ToString();
}
