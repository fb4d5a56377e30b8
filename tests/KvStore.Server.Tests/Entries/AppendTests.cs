namespace KvStore.Server.Tests;

/// <summary>POST of /v1/kv/{prefix}/.</summary>
public sealed class AppendTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Append_Prefix_ReturnsLocation()
    {
        var answer = (await server.Client.PostAsync("/v1/kv/qu%C3%A9ue%2F1%25/+/", "first", ("Content-Type", "text/plain"))).Expect(201);
        Assert.StartsWith("/v1/kv/qu%C3%A9ue/1%25/", answer.Header("Location"), StringComparison.Ordinal);
        Assert.Equal($"\"{answer.Revision}\"", answer.ETag);

        var entry = (await server.Client.GetAsync(answer.Header("Location")!)).Expect(200);
        Assert.Equal(("first", "text/plain", answer.ETag), (entry.Text, entry.ContentType, entry.ETag));
        var listed = Assert.Single((await server.Client.GetAsync("/v1/kv?prefix=qu%C3%A9ue/")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal($"quéue/1%/+/{answer.Revision:D19}", listed.GetProperty("key").GetString());
    }

    [Fact]
    public async Task Append_Concurrent_KeysAreDistinctInRevisionOrder()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(async i => (await server.Client.PostAsync("/v1/kv/many/", $"{i}")).Expect(201)));

        var expected = answers.Select((answer, i) => (answer.Revision, Value: $"{i}")).OrderBy(pair => pair.Revision).Select(pair => pair.Value);
        var items = (await server.Client.GetAsync("/v1/kv?prefix=many/&limit=1000&values=true")).Json.GetProperty("items").EnumerateArray();
        Assert.Equal(expected, items.Select(item => item.GetProperty("text").GetString()));
        Assert.Equal(300, answers.Select(answer => answer.Header("Location")).Distinct().Count());
    }

    [Fact]
    public async Task Append_NextKeyIsTaken_ChoosesAnother()
    {
        var next = server.Store.Latest.Revision + 2;
        await server.Client.PutAsync($"/v1/kv/taken/{next:D19}", "mine");
        var answer = (await server.Client.PostAsync("/v1/kv/taken/", "yours")).Expect(201);
        Assert.Equal(next, answer.Revision);
        Assert.Equal("yours", (await server.Client.GetAsync(answer.Header("Location")!)).Expect(200).Text);
        Assert.Equal("mine", (await server.Client.GetAsync($"/v1/kv/taken/{next:D19}")).Expect(200).Text);
    }

    [Theory]
    [InlineData("/v1/kv/")]
    [InlineData("/v1/kv/key")]
    [InlineData("/v1/kv/a/key")]
    [InlineData("/v1/kv/../")]
    [InlineData("/v1/kv/%FF/")]
    public async Task Append_TargetIsNoPrefix_IsRejected(string target)
    {
        var before = server.Store.Latest.Revision;
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("POST", target, "v")).ExpectProblem(400, "malformed-key", "key");
        Assert.Equal(before, server.Store.Latest.Revision);
    }

    [Fact]
    public async Task Append_LongestPrefix_KeyCanBeRead()
    {
        var longest = new string('p', 1024 - Append.SuffixBytesMax - 1) + "/";
        var answer = (await server.Client.PostAsync("/v1/kv/" + longest, "v")).Expect(201);
        (await server.Client.GetAsync(answer.Header("Location")!)).Expect(200);
        (await server.Client.PostAsync("/v1/kv/p" + longest, "v")).ExpectProblem(400, "malformed-key", "key");
    }

    [Fact]
    public async Task Append_Malformed_IsRejected()
    {
        (await server.Client.PostAsync("/v1/kv/c/", "v", ("If-Match", "*"))).ExpectProblem(400, "malformed-request", "If-Match");
        (await server.Client.PostAsync("/v1/kv/c/", "v", ("If-None-Match", "*"))).ExpectProblem(400, "malformed-request", "If-None-Match");
        (await server.Client.PostAsync("/v1/kv/c/?by=1", "v")).ExpectProblem(400, "malformed-request", "by");
        (await server.Client.PostAsync("/v1/kv/c/", "v", ("Content-Type", new string('x', 257)))).ExpectProblem(400, "malformed-request", "Content-Type");
        (await server.Client.PostAsync("/v1/kv/c/", new string('x', (1 << 20) + 1))).ExpectProblem(413, "too-large");
        Assert.Equal(0, (await server.Client.GetAsync("/v1/kv?prefix=c/")).Json.GetProperty("items").GetArrayLength());
    }
}
