using System.Text;

namespace KvStore.Server.Tests;

/// <summary>POST of /v1/batch/get.</summary>
public sealed class BatchTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Get_PresentAndAbsent_AnswersAtOneRevision()
    {
        var before = (await server.Client.PutAsync("/v1/kv/some/b", "old", ("Content-Type", "text/plain"))).Revision;
        await server.Client.PutAsync("/v1/kv/some/b", "2", ("Content-Type", "text/plain"));
        await server.Client.PutAsync("/v1/kv/some/a", [0xFF]);
        var last = (await server.Client.PutAsync("/v1/kv/some/c", "[1, 2]", ("Content-Type", "application/json"))).Revision;

        var answer = (await GetAsync("""{"keys":["some/c","some/none","some/b","some/a","some/c","caf\u00e9"]}""")).Expect(200);
        var items = answer.Json.GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal((last, last), (answer.Revision, answer.Json.GetProperty("revision").GetInt64()));
        Assert.Equal(["some/c", "some/b", "some/a", "some/c"], items.Select(item => item.GetProperty("key").GetString()));
        Assert.Equal(("[1, 2]", "2", "/w=="), (items[0].GetProperty("json").GetRawText(), items[1].GetProperty("text").GetString(), items[2].GetProperty("base64").GetString()));
        Assert.Equal(["some/none", "café"], answer.Json.GetProperty("missing").EnumerateArray().Select(key => key.GetString()));

        var past = (await server.Client.PostJsonAsync($"/v1/batch/get?revision={before}", """{"keys":["some/a","some/b"]}""")).Expect(200);
        Assert.Equal("old", Assert.Single(past.Json.GetProperty("items").EnumerateArray()).GetProperty("text").GetString());
        Assert.Equal((before, "[\"some/a\"]"), (past.Revision, past.Json.GetProperty("missing").GetRawText()));
        Assert.Equal("[]", (await GetAsync("""{"keys":[]}""")).Expect(200).Json.GetProperty("missing").GetRawText());
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("[]", "body")]
    [InlineData("""{"keys":["a"]}}""", "body")]
    [InlineData("{}", "keys")]
    [InlineData("""{"keys":"a"}""", "keys")]
    [InlineData("""{"keys":["a"],"keys":["a"]}""", "keys")]
    [InlineData("""{"keys":["a",7]}""", "keys[1]")]
    [InlineData("""{"keys":["a"],"values":true}""", "values")]
    public async Task Get_MalformedBody_NamesMember(string body, string field) => (await GetAsync(body)).ExpectProblem(400, "malformed-request", field);

    [Fact]
    public async Task Get_OverLimit_IsRejected()
    {
        (await GetAsync("""{"keys":["a",""]}""")).ExpectProblem(400, "malformed-key", "keys[1]");
        (await GetAsync(Keys(1000))).Expect(200);
        (await GetAsync(Keys(1001))).ExpectProblem(400, "malformed-request", "keys");
        (await server.Client.SendAsync("POST", "/v1/batch/get", new StringContent("""{"keys":[]}""", Encoding.UTF8, "text/plain"))).ExpectProblem(415, "unsupported-media-type", "Content-Type");
        (await server.Client.SendAsync("POST", "/v1/batch/get", new ByteArrayContent([0xFF]), ("Content-Type", "application/json"))).ExpectProblem(400, "malformed-request", "body");
        (await server.Client.PostJsonAsync("/v1/batch/get?revision=1000000", """{"keys":[]}""")).ExpectProblem(400, "malformed-request", "revision");
    }

    [Fact]
    public async Task Get_OverPageBytes_IsRejectedUnlessSingle()
    {
        await using var small = await KvServer.StartAsync(("PageBytesMax", "1000"), ("HistoryCommitsMax", "1"));
        await small.Client.PutAsync("/v1/kv/a", new string('a', 600));
        await small.Client.PutAsync("/v1/kv/b", new string('b', 2000));
        (await small.Client.PostJsonAsync("/v1/batch/get", """{"keys":["a","b"]}""")).ExpectProblem(413, "too-large");
        (await small.Client.PostJsonAsync("/v1/batch/get", """{"keys":["a","a"]}""")).ExpectProblem(413, "too-large");
        (await small.Client.PostJsonAsync("/v1/batch/get", """{"keys":["b"]}""")).Expect(200);
        (await small.Client.PostJsonAsync("/v1/batch/get", """{"keys":["a","c"]}""")).Expect(200);
        (await small.Client.PostJsonAsync("/v1/batch/get?revision=0", """{"keys":["a"]}""")).ExpectProblem(410, "revision-gone", "revision");
    }

    private static string Keys(int count) => "{\"keys\":[" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\"")) + "]}";

    private Task<Response> GetAsync(string body) => server.Client.PostJsonAsync("/v1/batch/get", body);
}
