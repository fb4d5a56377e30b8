using System.Runtime.CompilerServices;

namespace KvStore.Server.Tests;

/// <summary>What a request that waits for its client keeps in memory, and for how long.</summary>
public sealed class HeldSnapshotTests
{
    [Fact]
    public async Task LongPoll_WhileItWaits_KeepsNoSnapshot()
    {
        await using var server = await KvServer.StartAsync();
        await server.Client.PutAsync("/v1/kv/k", "value");
        var latest = LatestOf(server);
        using var poll = await server.SendAsync($"GET /v1/kv/k?wait=30&after={server.Store.Latest.Revision} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await server.WatchersAsync(1);
        await server.Client.PutAsync("/v1/kv/other", "value");
        await Soon.UntilAsync(() =>
        {
            GC.Collect();
            return !latest.IsAlive;
        });

        await server.Client.PutAsync("/v1/kv/k", "changed");
        Assert.Equal("changed", (await poll.ReadAsync()).Text);
    }

    [Fact]
    public async Task Export_ClientDoesNotRead_IsCutOffAndAnotherOneRejected()
    {
        await using var server = await KvServer.StartAsync(("ExportsMax", "1"), ("ExpensiveReadWaitMax", "00:00:00"), ("ExportTimeMax", "00:00:01"));
        for (var i = 0; i < 40; i++)
            await server.Client.PutAsync($"/v1/kv/{i}", new string('x', 1_000_000));
        using var export = await server.SendAsync("GET /v1/export HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(200, (await export.ReadHeadAsync()).Status);
        var rejected = (await server.Client.GetAsync("/v1/export")).ExpectProblem(503, "overloaded");
        Assert.NotNull(rejected.Header("Retry-After"));

        await Soon.UntilAsync(() => server.Store.Leases == (0, 1));
        try
        {
            Assert.DoesNotContain("\r\n0\r\n\r\n", await export.ReadToEndAsync());
        }
        catch (IOException)
        {
            // A reset connection is no complete body either.
        }

        Assert.Equal(0, server.Store.Memory.Snapshots.Bytes);
    }

    // Not inlined, so that no register of the test keeps it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference LatestOf(KvServer server) => new(server.Store.Latest);
}
