namespace KvStore.SystemTests;

/// <summary>Every replica restarts behind a load balancer while clients work: no request fails. KVSTORE_TEST_LONG=1 restarts each ten times.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class ClusterRestartTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 10 : 1;

    [Fact]
    public async Task RollingRestart_BehindHaproxy_FailsNoRequest()
    {
        using var key = new TestKey();
        await using var cluster = await ReplicaCluster.StartAsync(3, [key.Setting, ("DrainTime", "2s")]);
        await using var proxy = await BalancerProcess.StartAsync(cluster.Replicas.Select(replica => replica.Port));
        using var client = proxy.NewClient();
        key.Use(client);
        using var load = new RestartLoad(client);
        try
        {
            load.Start();
            await load.AnsweredAsync(500);
            foreach (var replica in Enumerable.Repeat(cluster.Replicas, Rounds).SelectMany(replicas => replicas))
            {
                await replica.TerminateAsync();
                await replica.RestartAsync();
                await load.AnsweredAsync(500);
            }

            await load.EndAsync();
        }
        catch (Exception exception)
        {
            Assert.Fail($"{exception}\n{string.Join('\n', load.Failures.Take(20))}\n{proxy.Output}\n{cluster.Transcript}");
        }
    }
}
