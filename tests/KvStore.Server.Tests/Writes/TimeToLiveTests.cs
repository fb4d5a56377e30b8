using System.Diagnostics;
using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>?ttl= on every write that stores.</summary>
public sealed class TimeToLiveTests(KvServer server) : IClassFixture<KvServer>
{
    private static readonly (string, string)[] MergePatch = [("Content-Type", "application/merge-patch+json")];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("PUT", "/v1/kv/ttl/bad", "v")]
    [InlineData("POST", "/v1/kv/ttl/bad/", "v")]
    [InlineData("PATCH", "/v1/kv/ttl/bad", "")]
    [InlineData("POST", "/v1/counters/ttl/bad", "")]
    public async Task AnyWrite_InvalidTtl_IsRejected(string method, string target, string body)
    {
        using var raw = await server.ConnectAsync();
        foreach (var ttl in new[] { "", "0", "-1", "%2B5", "1.5", "1e3", "315360001", "99999999999999999999", "0s", "500ms", "1.5s", "3651d", "NONE", "forever", "01:00", "%205", "1h30", "5%00" })
            (await raw.RequestAsync(method, $"{target}?ttl={ttl}", body)).ExpectProblem(400, "malformed-request", "ttl");
        (await raw.RequestAsync(method, target + "?ttl=5&ttl=5", body)).ExpectProblem(400, "malformed-request", "ttl");
    }

    [Fact]
    public async Task Put_Ttl_ReturnsExpiryAndExpiresNotBefore()
    {
        var start = Stopwatch.GetTimestamp();
        var written = (await server.Client.PutAsync("/v1/kv/ttl/short", "v", ("Content-Type", "text/plain"))).Expect(201);
        written = (await server.Client.PutAsync("/v1/kv/ttl/short?ttl=1", "v")).Expect(204);

        var answer = await server.Client.GetAsync("/v1/kv/ttl/short");
        while (answer.Status == 200)
        {
            Assert.NotNull(answer.Header("KvStore-Expires"));
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"It is still there: {answer}");
            answer = await server.Client.GetAsync("/v1/kv/ttl/short");
        }

        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(1), "It was deleted too early.");
        Assert.True(answer.Expect(404).Revision > written.Revision, "The deletion is a commit.");
        Assert.Empty((await server.Client.GetAsync("/v1/kv?prefix=ttl/short")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal("v", (await server.Client.GetAsync($"/v1/kv/ttl/short?revision={written.Revision}")).Expect(200).Text);
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("1m30s", 90)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("3650d", 315_360_000)]
    public async Task Put_DurationAsTtl_ExpiresThen(string ttl, int seconds)
    {
        await server.Client.PutAsync("/v1/kv/ttl/duration?ttl=" + ttl, "v");
        var item = (await server.Client.GetAsync("/v1/kv?prefix=ttl/duration")).Json.GetProperty("items")[0];
        var left = item.GetProperty("expires_at").GetDateTimeOffset() - item.GetProperty("modified_at").GetDateTimeOffset();
        Assert.InRange(left, TimeSpan.FromSeconds(seconds - 5), TimeSpan.FromSeconds(seconds + 1));
    }

    [Fact]
    public async Task EveryWrite_WithAndWithoutTtl_UpdatesExpiry()
    {
        var client = server.Client;
        await client.PutAsync("/v1/kv/ttl/json?ttl=1000", "{}");
        await IsAboutAsync("/v1/kv/ttl/json", 1000);
        (await client.PatchAsync("/v1/kv/ttl/json", """{"a":1}""", MergePatch)).Expect(204);
        await IsAboutAsync("/v1/kv/ttl/json", 1000);
        (await client.PatchAsync("/v1/kv/ttl/json?ttl=315360000", """{"b":2}""", MergePatch)).Expect(204);
        await IsAboutAsync("/v1/kv/ttl/json", 315_360_000);
        (await client.PatchAsync("/v1/kv/ttl/json?ttl=500")).Expect(204);
        await IsAboutAsync("/v1/kv/ttl/json", 500);
        (await client.PatchAsync("/v1/kv/ttl/json?ttl=none")).Expect(204);
        await IsAboutAsync("/v1/kv/ttl/json", null);
        Assert.Equal("""{"a":1,"b":2}""", (await client.GetAsync("/v1/kv/ttl/json")).Text);

        await client.PutAsync("/v1/kv/ttl/json?ttl=1000", "{}");
        (await client.PutAsync("/v1/kv/ttl/json", "{}")).Expect(204);
        await IsAboutAsync("/v1/kv/ttl/json", null);

        (await client.PostAsync("/v1/counters/ttl/counter?ttl=1000")).Expect(200);
        (await client.PostAsync("/v1/counters/ttl/counter")).Expect(200);
        await IsAboutAsync("/v1/kv/ttl/counter", 1000);
        (await client.PostAsync("/v1/counters/ttl/counter?ttl=none")).Expect(200);
        await IsAboutAsync("/v1/kv/ttl/counter", null);

        await IsAboutAsync((await client.PostAsync("/v1/kv/ttl/queue/?ttl=1000", "v")).Header("Location")!, 1000);
        await IsAboutAsync((await client.PostAsync("/v1/kv/ttl/queue/", "v")).Header("Location")!, null);
    }

    private async Task IsAboutAsync(string target, int? seconds)
    {
        var answer = (await server.Client.GetAsync(target)).Expect(200);
        if (seconds is null)
        {
            Assert.Null(answer.Header("KvStore-Expires"));
            return;
        }

        // The header knows whole seconds, and the time of the write is a little past; but an expiry is rounded up to the next millisecond, which may
        // begin the next second.
        var expires = DateTimeOffset.ParseExact(answer.Header("KvStore-Expires")!, "R", CultureInfo.InvariantCulture);
        Assert.InRange((expires - DateTimeOffset.UtcNow).TotalSeconds, seconds.Value - Patience.TotalSeconds, seconds.Value + 1);
    }
}
