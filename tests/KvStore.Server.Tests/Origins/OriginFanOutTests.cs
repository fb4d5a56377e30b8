using System.Text.Json;
using KvStore.Origins;

namespace KvStore.Server.Tests;

/// <summary>POST /v1/batch/get with <c>wait</c>: many keys of an origin at once.</summary>
public sealed class OriginFanOutTests
{
    [Fact]
    public async Task Get_WithWait_LoadsAllAtOnce()
    {
        await using var server = await OriginServer.StartAsync(("Workers:Min", "10"));
        (await server.Client.PutAsync("/v1/kv/other", "v")).Expect(201);
        var gate = new Gate();
        foreach (var name in (string[])["1", "2", "3"])
        {
            server.Source.Answers[name] = async request =>
            {
                // All three are in progress before one of them ends.
                if (server.Source.Requests.Count == 3)
                    gate.Open();
                await gate.PassAsync();
                return FakeOriginSource.Found(request.Key.ToString());
            };
        }

        var answer = await GetAsync(server, "5", "rates/1", "rates/2", "other", "rates/3", "rates/1", "nothing");
        Assert.Equal(["rates/1", "rates/2", "v", "rates/3", "rates/1"], answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("text").GetString()));
        Assert.Equal("[\"nothing\"][][]", Rest(answer));
        Assert.Equal(3, server.Source.Requests.Count);
        Assert.Equal("kvstore; hit; ttl=300", (await server.GetAsync("2")).Header("Cache-Status"));
    }

    [Fact]
    public async Task Get_WithWait_SaysWhatIsMissingPendingAndWrong()
    {
        await using var server = await OriginServer.StartAsync();
        var gate = new Gate();
        server.Source.Answers["late"] = async _ =>
        {
            await gate.PassAsync();
            return FakeOriginSource.Found("late");
        };
        var asking = GetAsync(server, "2", "rates/a", "rates/absent", "rates/late", "rates/failed", "rates/private");

        // The others have ended: one that has not begun yet would be late, too.
        await Soon.UntilAsync(() => server.Source.Requests.Count == 5 && server.Origin.Pool.Status.Loads == 1);
        server.Advance(2);
        var answer = await asking;

        Assert.Equal("rates/a", Assert.Single(answer.GetProperty("items").EnumerateArray()).GetProperty("key").GetString());
        Assert.Equal(("[\"rates/absent\"]", "[\"rates/late\"]"), (answer.GetProperty("missing").GetRawText(), answer.GetProperty("pending").GetRawText()));
        Assert.Equal(
            [("rates/failed", "/docs/http-api#origin-failed"), ("rates/private", "/docs/http-api#origin-failed")],
            answer.GetProperty("errors").EnumerateArray().Select(error => (error.GetProperty("key").GetString()!, error.GetProperty("type").GetString()!)));

        // The client wanted to wait, so the service is not slow.
        Assert.DoesNotContain("duration_seconds_count{http_request_method=\"POST\",http_response_status_code=\"200\",http_route=\"/v1/batch/get\"", (await server.Client.GetAsync("/metrics")).Expect(200).Text);

        // The load belongs to the pool, and what it finds is stored.
        gate.Open();
        await server.IdleAsync();
        Assert.Equal("late", (await server.GetAsync("late")).Expect(200).Text);
    }

    [Fact]
    public async Task Get_WithWait_ServesStaleAsAGetDoes()
    {
        await using var server = await OriginServer.StartAsync(("FailureFor", "0s"));
        await GetAsync(server, "2", "rates/a");
        server.Advance(310);
        var refresh = new Gate();
        server.Source.Answers["a"] = async _ =>
        {
            await refresh.PassAsync();
            return FakeOriginSource.Found("value 2");
        };
        Assert.Equal("value 1", (await GetAsync(server, "2", "rates/a")).GetProperty("items")[0].GetProperty("text").GetString());
        refresh.Open();
        await server.IdleAsync();
        server.Source.Answers["a"] = _ => Task.FromResult<LoadResult>(new LoadResult.Failed(LoadFailure.Timeout, null, "The origin did not answer in time."));
        server.Advance(400);
        Assert.Equal("value 2", (await GetAsync(server, "2", "rates/a")).GetProperty("items")[0].GetProperty("text").GetString());
        await server.InvalidateAsync("{\"keys\":[\"rates/a\"]}");
        Assert.Equal("rates/a", (await GetAsync(server, "2", "rates/a")).GetProperty("errors")[0].GetProperty("key").GetString());
    }

    [Fact]
    public async Task Get_Lines_ComeAsTheyAreLoaded()
    {
        await using var server = await OriginServer.StartAsync();
        (await server.Client.PutAsync("/v1/kv/other", "v")).Expect(201);
        var (slow, late) = (new Gate(), new Gate());
        server.Source.Answers["slow"] = async _ =>
        {
            await slow.PassAsync();
            return FakeOriginSource.Found("slow");
        };
        server.Source.Answers["late"] = async _ =>
        {
            await late.PassAsync();
            return FakeOriginSource.Found("late");
        };
        using var client = server.Server.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batch/get?wait=5") { Content = new StringContent("{\"keys\":[\"rates/slow\",\"other\",\"rates/late\",\"rates/failed\",\"none\"]}", null, "application/json") };
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).Within();
        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType!.MediaType);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        // What is there comes at once, and what is slow when it is loaded.
        Assert.Equal("other", await KeyOfNextAsync());
        slow.Open();
        Assert.Equal("rates/slow", await KeyOfNextAsync());
        await Soon.UntilAsync(() => server.Origin.Pool.Status.Loads == 1);
        server.Advance(5);
        var rest = JsonDocument.Parse((await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within())!).RootElement;
        Assert.Equal("[\"none\"][\"rates/late\"]", rest.GetProperty("missing").GetRawText() + rest.GetProperty("pending").GetRawText());
        Assert.Equal("rates/failed", Assert.Single(rest.GetProperty("errors").EnumerateArray()).GetProperty("key").GetString());
        Assert.Null(await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within());
        late.Open();

        async Task<string?> KeyOfNextAsync() => JsonDocument.Parse((await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within())!).RootElement.GetProperty("key").GetString();
    }

    [Theory]
    [InlineData("wait=soon")]
    [InlineData("wait=61")]
    [InlineData("wait=1&revision=0")]
    public async Task Get_MalformedWait_Is400(string query)
    {
        await using var server = await OriginServer.StartAsync();
        Assert.Equal("wait", (await server.Client.PostJsonAsync("/v1/batch/get?" + query, "{\"keys\":[]}")).Expect(400).Json.GetProperty("field").GetString());
    }

    private static async Task<JsonElement> GetAsync(OriginServer server, string wait, params string[] keys) =>
        (await server.Client.PostJsonAsync($"/v1/batch/get?wait={wait}", $"{{\"keys\":[{string.Join(',', keys.Select(key => $"\"{key}\""))}]}}")).Expect(200).Json;

    private static string Rest(JsonElement answer) => string.Concat(((string[])["missing", "pending", "errors"]).Select(name => answer.GetProperty(name).GetRawText()));
}
