namespace KvStore.Server.Tests;

/// <summary>Exports: one line for each entry, and requests that are rejected.</summary>
public sealed class ExportTests
{
    [Fact]
    public async Task Export_EachForm_IsOneLineInKeyOrder()
    {
        await using var server = await KvServer.StartAsync();
        await server.Client.PutAsync("/v1/kv/json", "{ \"a\": 1.0 }", ("Content-Type", "application/json"));
        await server.Client.PutAsync("/v1/kv/json-lines", "{\n}", ("Content-Type", "application/json"));
        await server.Client.PutAsync("/v1/kv/json-space", "{} ", ("Content-Type", "application/json"));
        await server.Client.PutAsync("/v1/kv/text", "é\n\"", ("Content-Type", "text/plain"));
        await server.Client.PutAsync("/v1/kv/json-loose", "{\"a\":1e400}", ("Content-Type", "application/json"));
        await server.Client.PutAsync("/v1/kv/form", "{\"a\":1}", ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"));
        var last = await server.Client.PutAsync("/v1/kv/bytes", [0xFF]);
        await server.Client.PutAsync("/v1/kv/other", "x");

        var answer = (await server.Client.GetAsync($"/v1/export?revision={last.Revision}")).Expect(200);
        Assert.Equal((last.Revision, "application/x-ndjson"), (answer.Revision, answer.ContentType));
        Assert.Equal(
            """
            {"key":"bytes","content_type":"application/octet-stream","base64":"/w=="}
            {"key":"form","content_type":"application/octet-stream","text":"{\"a\":1}"}
            {"key":"json","content_type":"application/json","json":{ "a": 1.0 }}
            {"key":"json-lines","content_type":"application/json","text":"{\n}"}
            {"key":"json-loose","content_type":"application/json","text":"{\"a\":1e400}"}
            {"key":"json-space","content_type":"application/json","text":"{} "}
            {"key":"text","content_type":"text/plain","text":"é\n\""}

            """.ReplaceLineEndings("\n"),
            answer.Text);
        Assert.Equal(4, (await server.Client.GetAsync("/v1/export?prefix=json")).Expect(200).Text.Count('\n'));
        Assert.Equal("", (await server.Client.GetAsync("/v1/export?prefix=none")).Expect(200).Text);
    }

    [Fact]
    public async Task Export_InvalidRequest_IsRejected()
    {
        await using var server = await KvServer.StartAsync(("HistoryCommitsMax", "0"));
        await server.Client.PutAsync("/v1/kv/a", "x");
        (await server.Client.GetAsync("/v1/export?revision=0")).ExpectProblem(410, "revision-gone", "revision");
        (await server.Client.GetAsync("/v1/export?revision=9")).ExpectProblem(400, "malformed-request", "revision");
        (await server.Client.GetAsync("/v1/export?prefx=a")).ExpectProblem(400, "malformed-request", "prefx");
        (await server.Client.GetAsync("/v1/export?prefix=%01")).ExpectProblem(400, "malformed-key", "prefix");
        (await server.Client.SendAsync("POST", "/v1/import?prefix=a", new ByteArrayContent([]))).ExpectProblem(400, "malformed-request", "prefix");
    }
}
