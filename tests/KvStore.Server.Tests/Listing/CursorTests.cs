namespace KvStore.Server.Tests;

/// <summary>Cursors that were damaged, combined with other parameters, or made by another process.</summary>
public sealed class CursorTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task List_CursorBitFlipped_IsRejected()
    {
        var cursor = await CursorAsync(server, "flip/");
        for (var at = 0; at < cursor.Length; at++)
        {
            foreach (var bit in Enumerable.Range(0, 7))
            {
                var flipped = $"{cursor[..at]}{(char)(cursor[at] ^ (1 << bit))}{cursor[(at + 1)..]}";
                (await server.Client.GetAsync("/v1/kv?cursor=" + Uri.EscapeDataString(flipped))).ExpectProblem(400, "malformed-request", "cursor");
            }
        }
    }

    [Fact]
    public async Task List_CursorTruncatedOrExtended_IsRejected()
    {
        var cursor = await CursorAsync(server, "cut/");
        for (var length = 0; length < cursor.Length; length++)
            (await server.Client.GetAsync("/v1/kv?cursor=" + cursor[..length])).ExpectProblem(400, "malformed-request", "cursor");
        foreach (var tail in new[] { "A", "AA", "AAAA", "=", "==", "%20", "%0A" })
            (await server.Client.GetAsync("/v1/kv?cursor=" + cursor + tail)).ExpectProblem(400, "malformed-request", "cursor");
    }

    [Fact]
    public async Task List_CursorWithOwnParameters_IsRejected()
    {
        var cursor = await CursorAsync(server, "with/");
        (await server.Client.GetAsync($"/v1/kv?cursor={cursor}&after=a")).ExpectProblem(400, "malformed-request", "cursor");
        (await server.Client.GetAsync($"/v1/kv?cursor={cursor}&revision=1")).ExpectProblem(400, "malformed-request", "cursor");
        (await server.Client.GetAsync($"/v1/kv?cursor={cursor}&prefix=other")).ExpectProblem(400, "malformed-request", "prefix");
        (await server.Client.GetAsync($"/v1/kv?cursor={cursor}&prefix=")).ExpectProblem(400, "malformed-request", "prefix");
        (await server.Client.GetAsync($"/v1/kv?cursor={cursor}&prefix=with/&limit=1&values=true")).Expect(200);
    }

    [Fact]
    public async Task List_CursorOfOtherProcess_IsGone()
    {
        await using var longLived = await KvServer.StartAsync();
        for (var i = 0; i < 10; i++)
            await longLived.Client.PutAsync($"/v1/kv/life/{i}", "v");
        var cursor = await CursorAsync(longLived, "life/");
        await using var fresh = await KvServer.StartAsync();
        (await fresh.Client.GetAsync("/v1/kv?cursor=" + cursor)).ExpectProblem(410, "other-store", "cursor");
        for (var i = 0; i < 20; i++)
            await fresh.Client.PutAsync($"/v1/kv/life/{i}", "v");
        (await fresh.Client.GetAsync("/v1/kv?cursor=" + cursor)).ExpectProblem(410, "other-store", "cursor");
    }

    private static async Task<string> CursorAsync(KvServer from, string prefix)
    {
        foreach (var number in Enumerable.Range(0, 3))
            await from.Client.PutAsync($"/v1/kv/{prefix}{number}", "v");
        return (await from.Client.GetAsync($"/v1/kv?limit=1&prefix={prefix}")).Json.GetProperty("cursor").GetString()!;
    }
}
