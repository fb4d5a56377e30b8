using Microsoft.AspNetCore.Http;

namespace KvStore.Server.Tests;

/// <summary>Writes that go through to an HTTP service, by clients on real connections.</summary>
public sealed class WriteThroughTests : IAsyncLifetime
{
    private const string Key = "/v1/kv/rates/1";

    private WritableVendor _vendor = null!;
    private KvServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _vendor = await WritableVendor.StartAsync();
        _server = await KvServer.StartAsync(
            ("KvStore:Origins:acme:Prefix", "rates/"), ("KvStore:Origins:acme:Http:Url", _vendor.Url), ("KvStore:Origins:acme:Writes", "through"), ("KvStore:Origins:acme:JitterPercent", "0"),
            ("KvStore:Origins:acme:LoadTimeout", "2s"));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _vendor.DisposeAsync();
    }

    [Fact]
    public async Task Put_Value_IsAtTheOriginAndStored()
    {
        var created = (await _server.Client.PutAsync(Key, "{\"price\":1}", ("Content-Type", "application/json"))).Expect(201);
        var replaced = (await _server.Client.PutAsync(Key, "{\"price\":2}", ("Content-Type", "application/json"))).Expect(204);
        Assert.Equal(["PUT 1 {\"price\":1}", "PUT 1 {\"price\":2}"], _vendor.Writes.Select(write => write.Text));
        Assert.True(_vendor.Writes.Last().Revision > _vendor.Writes.First().Revision);
        Assert.Equal(2, _vendor.Writes.Select(write => write.Id).Distinct().Count());
        var read = await GetAsync();
        Assert.Equal(("{\"price\":2}", replaced.ETag, 0), (read.Text, read.ETag, _vendor.Reads));
        Assert.StartsWith("kvstore; hit; ttl=", read.Header("Cache-Status"), StringComparison.Ordinal);
        Assert.NotEqual(created.ETag, replaced.ETag);
    }

    [Fact]
    public async Task Delete_Key_IsGoneAtBoth()
    {
        _vendor.Values["1"] = "1";
        (await _server.Client.DeleteAsync(Key)).Expect(204);
        Assert.Empty(_vendor.Values);
        (await GetAsync()).ExpectProblem(404, "not-found");
        (await _server.Client.DeleteAsync(Key)).ExpectProblem(404, "not-found");
        Assert.Equal((1, 1), (_vendor.Reads, _vendor.Writes.Count));
    }

    /// <summary>It is loaded first, and the origin gets the whole value.</summary>
    [Fact]
    public async Task PatchAndCounter_OfWhatIsNotLoaded_ChangeWhatTheOriginHas()
    {
        (_vendor.Values["1"], _vendor.Values["n"]) = ("{\"a\":1,\"b\":2}", "41");
        var patched = (await _server.Client.PatchAsync(Key, "{\"b\":3}", ("Content-Type", "application/merge-patch+json"))).Expect(204);
        Assert.Equal("42", (await _server.Client.PostAsync("/v1/counters/rates/n")).Expect(200).Text);
        Assert.Equal(("{\"a\":1,\"b\":3}", "42", patched.ETag), (_vendor.Values["1"], _vendor.Values["n"], (await GetAsync()).ETag));
        (await _server.Client.PostAsync(Key.Replace("kv", "counters", StringComparison.Ordinal))).ExpectProblem(409, "not-a-number");
        (await _server.Client.PatchAsync("/v1/kv/rates/none", "{}", ("Content-Type", "application/merge-patch+json"))).ExpectProblem(404, "not-found");
        Assert.Equal(2, _vendor.Writes.Count);
    }

    [Fact]
    public async Task Conditions_AreAboutWhatTheOriginHas()
    {
        _vendor.Values["1"] = "1";
        (await _server.Client.PutAsync(Key, "2", ("If-None-Match", "*"))).ExpectProblem(412, "precondition-failed");
        var etag = (await GetAsync()).ETag!;
        (await _server.Client.PutAsync(Key, "2", ("If-Match", "\"99\""))).ExpectProblem(412, "precondition-failed");
        Assert.Empty(_vendor.Writes);

        // One of many that have read the same.
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _server.Client.PutAsync(Key, $"by {i}", ("If-Match", etag))));
        Assert.Equal([204, .. Enumerable.Repeat(412, 19)], answers.Select(answer => answer.Status).Order());
        Assert.Single(_vendor.Writes);
        (await _server.Client.DeleteAsync("/v1/kv/rates/1", ("If-Match", etag))).ExpectProblem(412, "precondition-failed");
    }

    [Fact]
    public async Task Put_Refused_ChangesNothing()
    {
        var etag = (await _server.Client.PutAsync(Key, "1")).ETag;
        _vendor.Interfere = (context, _) =>
        {
            context.Response.StatusCode = 422;
            return AnsweredAsync(context.Response.WriteAsync("no such hotel"));
        };
        var refused = (await _server.Client.PutAsync(Key, "2")).ExpectProblem(502, "origin-refused-write");
        Assert.Equal(("The origin answered 422: no such hotel. Nothing was changed.", "not-applied"), (refused.Json.GetProperty("detail").GetString(), refused.Json.GetProperty("outcome").GetString()));
        var read = await GetAsync();
        Assert.Equal(("1", etag, 0), (read.Text, read.ETag, _vendor.Reads));
    }

    [Fact]
    public async Task Put_OriginAsksForFewerCalls_ChangesNothing()
    {
        (await _server.Client.PutAsync(Key, "1")).Expect(201);
        _vendor.Interfere = (context, _) =>
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (429, "7");
            return Task.FromResult(true);
        };
        var rejected = (await _server.Client.PutAsync(Key, "2")).ExpectProblem(503, "origin-unavailable");
        Assert.Equal(("7", "1"), (rejected.Header("Retry-After"), (await GetAsync()).Text));
        (await _server.Client.PutAsync(Key, "3")).ExpectProblem(503, "origin-unavailable");
        Assert.Equal(2, _vendor.Writes.Count);
    }

    [Fact]
    public async Task Put_NoOrigin_ChangesNothing()
    {
        (await _server.Client.PutAsync(Key, "1")).Expect(201);
        await _vendor.DisposeAsync();
        (await _server.Client.PutAsync(Key, "2")).ExpectProblem(503, "origin-unavailable");
        Assert.Equal("1", (await GetAsync()).Text);
    }

    /// <summary>The origin has the write, or not, and dies: reads show what it has, and nothing of it is stored.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_OriginDiesInTheMiddle_IsUnknownAndNotServedFromTheStore(bool isWritten)
    {
        (await _server.Client.PutAsync(Key, "1")).Expect(201);
        _vendor.Interfere = (context, write) =>
        {
            if (isWritten)
                write();
            context.Abort();
            return Task.FromResult(true);
        };
        var unknown = (await _server.Client.PutAsync(Key, "2", ("Idempotency-Key", "k"))).ExpectProblem(504, "origin-write-unknown");
        Assert.Equal("unknown", unknown.Json.GetProperty("outcome").GetString());
        for (var i = 1; i <= 2; i++)
        {
            var read = (await GetAsync()).Expect(200);
            Assert.Equal((isWritten ? "2" : "1", "no-store", i), (read.Text, read.Header("Cache-Control"), _vendor.Reads));
        }

        Assert.Equal("1", _server.Store.Latest.Text("rates/1"));
        (await _server.Client.PutAsync(Key, "3", ("Idempotency-Key", "k2"))).ExpectProblem(503, "origin-unavailable");
    }

    [Fact]
    public async Task Put_OriginIsSlow_IsUnknown()
    {
        _vendor.Interfere = (context, _) => AnsweredAsync(Task.Delay(Timeout.Infinite, context.RequestAborted));
        (await _server.Client.PutAsync(Key, "1")).ExpectProblem(504, "origin-write-unknown");
    }

    [Fact]
    public async Task IdempotencyKey_Repeated_CallsTheOriginOnce()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _server.Client.PutAsync(Key, "1", ("Idempotency-Key", "k"))));
        Assert.Equal((1, 5, 4), (_vendor.Writes.Count, answers.Count(answer => answer.Status == 201), answers.Count(answer => answer.Header("Idempotency-Replayed") == "true")));
        (await _server.Client.PutAsync(Key, "other", ("Idempotency-Key", "k"))).ExpectProblem(422, "idempotency-key-reused", "Idempotency-Key");
        var sums = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _server.Client.PostAsync("/v1/counters/rates/n", null, ("Idempotency-Key", "c"))));
        Assert.All(sums, sum => Assert.Equal("1", sum.Text));
        Assert.Equal((2, "1"), (_vendor.Writes.Count, _vendor.Values["n"]));
    }

    [Fact]
    public async Task Writers_OfOneKeyAtOnce_EndAlikeAtBoth()
    {
        _vendor.Interfere = async (_, _) =>
        {
            await Task.Yield();
            return false;
        };
        var puts = Enumerable.Range(0, 100).Select(i => _server.Client.PutAsync(Key, $"{i}"));
        var sums = Enumerable.Range(0, 50).Select(_ => _server.Client.PostAsync("/v1/counters/rates/n"));
        Assert.All(await Task.WhenAll([.. puts, .. sums]), answer => Assert.True(answer.IsSuccess, answer.ToString()));
        Assert.Equal((_vendor.Values["1"], "50", "50"), ((await GetAsync()).Text, _vendor.Values["n"], (await _server.Client.GetAsync("/v1/kv/rates/n")).Text));
        Assert.All(_vendor.Writes.GroupBy(write => write.Text.Split(' ')[1], write => write.Revision), ofKey => Assert.Equal(ofKey.Order(), ofKey));
        Assert.Equal(150, _vendor.Writes.Count);
    }

    // What would only wait for a connection has not been sent, and the client can know that.
    [Fact]
    public async Task Writers_MoreThanTheOriginTakes_ChangeNothingAtAll()
    {
        await using var server = await KvServer.StartAsync(
            ("KvStore:Origins:acme:Prefix", "rates/"), ("KvStore:Origins:acme:Http:Url", _vendor.Url), ("KvStore:Origins:acme:Writes", "through"),
            ("KvStore:Origins:acme:LoadTimeout", "2s"), ("KvStore:Origins:acme:Workers:Max", "2"), ("KvStore:Origins:acme:Calls:BreakerFailuresMax", "100"));
        _vendor.Interfere = (context, _) => AnsweredAsync(Task.Delay(Timeout.Infinite, context.RequestAborted));
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => server.Client.PutAsync($"/v1/kv/rates/{i}", "1")));
        Assert.Equal((_vendor.Writes.Count, 10 - _vendor.Writes.Count), (answers.Count(answer => answer.Status == 504), answers.Count(answer => answer.Status == 503)));
        Assert.Equal(
            "Too many writes wait for the origin. Nothing was changed. Try again after the time in Retry-After.",
            answers.First(answer => answer.Status == 503).ExpectProblem(503, "origin-unavailable").Json.GetProperty("detail").GetString());
    }

    // Revisions of the engine memory begin again with each start, and an origin that keeps them would refuse every write.
    [Theory]
    [InlineData("through")]
    [InlineData("behind")]
    public async Task Revision_AfterARestart_IsHigherThanAnyBefore(string writes)
    {
        for (var start = 1; start <= 2; start++)
        {
            await using var server = await KvServer.StartAsync(
                ("KvStore:Origins:acme:Prefix", "rates/"), ("KvStore:Origins:acme:Http:Url", _vendor.Url), ("KvStore:Origins:acme:Writes", writes));
            for (var i = 0; i < 3 - start; i++)
                Assert.True((await server.Client.PutAsync($"/v1/kv/rates/{start}{i}", "1")).IsSuccess);
            await Soon.UntilAsync(() => _vendor.Writes.Count(write => write.Text.Split(' ')[1].StartsWith((char)('0' + start))) == 3 - start);
        }

        Assert.Equal(3, _vendor.Writes.Count);
        Assert.True(_vendor.Writes.Last().Revision > _vendor.Writes.Take(2).Max(write => write.Revision));
    }

    [Fact]
    public async Task OtherWaysToWrite_AreRejected()
    {
        (await _server.Client.PostAsync("/v1/kv/rates/q/", "1")).ExpectProblem(409, "origin-takes-single-writes");
        (await _server.Client.DeleteAsync("/v1/kv?prefix=r")).ExpectProblem(409, "origin-takes-single-writes");
        (await _server.Client.PostJsonAsync("/v1/txn", "{\"operations\":[{\"put\":{\"key\":\"rates/1\",\"json\":1}}]}")).ExpectProblem(409, "origin-takes-single-writes");
        (await _server.Client.PostJsonAsync("/v1/txn", "{\"operations\":[{\"move\":{\"from\":\"a\",\"to\":\"rates/1\"}}]}")).ExpectProblem(409, "origin-takes-single-writes");
        Assert.Contains("origin, which gets one key with each request", (await _server.Client.ImportAsync("{\"key\":\"rates/1\",\"json\":1}\n")).Text, StringComparison.Ordinal);
        (await _server.Client.PutAsync(Key + "?ttl=60", "1")).ExpectProblem(400, "malformed-request", "ttl");
        (await _server.Client.PatchAsync(Key + "?ttl=60")).ExpectProblem(400, "malformed-request", "ttl");
        Assert.Empty(_vendor.Writes);
        Assert.Equal(0, _server.Store.Latest.Revision);
    }

    private Task<Response> GetAsync() => _server.Client.GetAsync(Key);

    private static async Task<bool> AnsweredAsync(Task answering)
    {
        await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }
}
