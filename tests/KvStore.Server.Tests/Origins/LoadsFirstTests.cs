namespace KvStore.Server.Tests;

/// <summary>What depends on an entry of an origin loads it first, unless it is fresh.</summary>
public sealed class LoadsFirstTests
{
    private const string Patch = "application/merge-patch+json";

    [Theory]
    [InlineData("local")]
    [InlineData("behind")]
    public async Task Write_OfWhatIsNotLoaded_DependsOnWhatTheOriginHas(string writes)
    {
        await using var server = await OriginServer.StartAsync(("Writes", writes));
        server.Source.Answers["json"] = _ => Task.FromResult<KvStore.Origins.LoadResult>(FakeOriginSource.Found("{\"a\":1}"));
        (await server.Client.PatchAsync("/v1/kv/rates/json", "{\"b\":2}", ("Content-Type", Patch))).Expect(204);
        Assert.Equal("{\"a\":1,\"b\":2}", (await server.GetAsync("json")).Text);
        Assert.Equal("8", (await server.Client.PostAsync("/v1/counters/rates/number")).Expect(200).Text);
        Assert.Equal("9", (await server.Client.PostAsync("/v1/counters/rates/number")).Expect(200).Text);
        (await server.Client.PutAsync("/v1/kv/rates/found", "mine", ("If-None-Match", "*"))).ExpectProblem(412, "precondition-failed");
        (await server.Client.PutAsync("/v1/kv/rates/absent", "mine", ("If-None-Match", "*"))).Expect(201);
        (await server.Client.DeleteAsync("/v1/kv/rates/doomed")).Expect(204);
        Assert.Equal(["json", "number", "found", "absent", "doomed"], server.Source.Requests.Select(request => request.Key.ToString()["rates/".Length..]).Take(5));

        // A put without conditions is the same whatever there is.
        (await server.Client.PutAsync("/v1/kv/rates/put", "mine")).Expect(201);
        Assert.DoesNotContain(server.Source.Requests, request => request.Key.ToString() == "rates/put");
    }

    [Theory]
    [InlineData("failed", 502, "origin-failed")]
    [InlineData("slow", 504, "origin-timeout")]
    [InlineData("throttled", 503, "origin-unavailable")]
    [InlineData("many", 429, "too-many-loads")]
    [InlineData("private", 502, "origin-failed")]
    public async Task Write_OfWhatCannotBeLoaded_ChangesNothing(string name, int status, string slug)
    {
        await using var server = await OriginServer.StartAsync(("Writes", "local"));
        (await server.Client.PatchAsync($"/v1/kv/rates/{name}", "{}", ("Content-Type", Patch))).ExpectProblem(status, slug);
        (await server.Client.DeleteAsync($"/v1/kv/rates/{name}")).ExpectProblem(status, slug);
        (await server.Client.PutAsync($"/v1/kv/rates/{name}", "mine", ("If-Match", "\"1\""))).ExpectProblem(status, slug);
        Assert.Equal(0, server.Server.Store.Latest.Revision);
    }

    /// <summary>What is stale at once is good for the write that it was loaded for.</summary>
    [Fact]
    public async Task Write_OfWhatIsNeverFresh_IsDone()
    {
        await using var server = await OriginServer.StartAsync(("Writes", "local"), ("FreshFor", "0s"), ("StaleWhileRevalidate", "0s"));
        Assert.Equal("8", (await server.Client.PostAsync("/v1/counters/rates/number")).Expect(200).Text);
    }

    [Fact]
    public async Task Counters_OfOneKeyAtOnce_CountAll()
    {
        await using var server = await OriginServer.StartAsync(("Writes", "local"));
        var sums = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => server.Client.PostAsync("/v1/counters/rates/number")));
        Assert.Equal(Enumerable.Range(8, 30), sums.Select(sum => int.Parse(sum.Text, System.Globalization.CultureInfo.InvariantCulture)).Order());
        Assert.Single(server.Source.Requests);
    }
}
