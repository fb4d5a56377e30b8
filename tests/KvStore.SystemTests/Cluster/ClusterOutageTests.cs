using System.Diagnostics;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>What clients notice of an etcd that is away. KVSTORE_TEST_LONG=1 tries it longer and more often.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class ClusterOutageTests
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1";
    private static readonly int Kills = IsLong ? 20 : 3;
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(IsLong ? 60 : 10);

    // The promise is 3 seconds, of which the election takes one or two; a machine that does other work needs longer.
    private static readonly TimeSpan WritesReturnMax = TimeSpan.FromSeconds(IsLong ? 3 : 15);

    [Fact(Timeout = 600_000)]
    public async Task Leader_Killed_WritesReturnAndLocalReadsNeverStop()
    {
        await using var cluster = await ReplicaCluster.StartAsync(3);
        var loads = await OutageLoad.StartAsync(cluster.Replicas);
        var times = new List<TimeSpan>();
        try
        {
            for (var i = 0; i < Kills; i++)
            {
                var leader = await cluster.Etcd.LeaderAsync();
                await leader.KillAsync();
                times.Add((await Task.WhenAll(cluster.Replicas.Select(WriteAgainAsync))).Max());
                await leader.RestartAsync();
            }

            await EndAsync(cluster, loads);
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{cluster.Transcript}", exception);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Writes were back after {string.Join(", ", times.Order().Select(time => $"{time.TotalSeconds:F2}"))} s. " + string.Join("; ", loads.Select(load => load.Summary)));
        Assert.All(times, time => Assert.InRange(time, TimeSpan.Zero, WritesReturnMax));
    }

    [Fact(Timeout = 600_000)]
    public async Task Etcd_DownAndBack_OutcomesAreTrue()
    {
        await using var cluster = await ReplicaCluster.StartAsync(3);
        var loads = await OutageLoad.StartAsync(cluster.Replicas);
        var recovery = TimeSpan.Zero;
        try
        {
            await Soon.UntilAsync(() => loads.All(load => load.Applied > 100));
            await Task.WhenAll(cluster.Etcd.Members.Select(member => member.KillAsync()));
            await Task.Delay(Outage, TestContext.Current.CancellationToken);

            // The header rounds up, and the last contact was before the end of the members.
            Assert.All(loads, load => Assert.InRange(load.StateAge, Outage - TimeSpan.FromSeconds(1), Outage + TimeSpan.FromSeconds(10)));
            foreach (var member in cluster.Etcd.Members)
                member.Launch();
            await Task.WhenAll(cluster.Etcd.Members.Select(member => member.WaitUntilServingAsync()));
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(cluster.Replicas.Select(WriteAgainAsync));
            recovery = Stopwatch.GetElapsedTime(started);
            await EndAsync(cluster, loads);
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{cluster.Transcript}", exception);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"etcd was away for {Outage.TotalSeconds} s; writes through every replica were back {recovery.TotalSeconds:F1} s after it. " + string.Join("; ", loads.Select(load => load.Summary)));
    }

    private static async Task EndAsync(ReplicaCluster cluster, OutageLoad[] loads)
    {
        foreach (var load in loads)
            await load.EndAsync();
        using var client = new ReplicaClient([cluster.Replicas[0]], TimeSpan.FromSeconds(10));
        var last = (await client.SendAsync(0, $"PUT /v1/kv/{OutageLoad.Prefix}end HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")).Response!.Expect(201);
        var entries = (await ReplicaComparison.ListAsync(cluster.Replicas[0], OutageLoad.Prefix, last.Revision!.Value)).ConvertAll(item => JsonDocument.Parse(item).RootElement);
        foreach (var load in loads)
            await load.AssertTrueAsync(entries);
        await ReplicaComparison.AssertEqualAsync(cluster.Replicas);
        foreach (var load in loads)
            load.Dispose();
    }

    // The time until a write that is sent now, or after this one failed, is applied.
    private static async Task<TimeSpan> WriteAgainAsync(Replica replica)
    {
        var started = Stopwatch.GetTimestamp();
        using var client = new ReplicaClient([replica], TimeSpan.FromSeconds(10));
        await replica.Process.WaitUntilAsync(async _ =>
            (await client.SendAsync(0, $"PUT /v1/kv/again HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")).Response is { IsSuccess: true });
        return Stopwatch.GetElapsedTime(started);
    }
}
