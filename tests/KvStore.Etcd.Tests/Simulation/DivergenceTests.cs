namespace KvStore.Etcd.Tests;

/// <summary>The memory of a replica changes by itself, while everything fails that can. What the others have stays the truth, and the replica comes back to it.</summary>
public sealed class DivergenceTests
{
    private const int Replicas = 3;
    private const int FaultyWrites = 200;

    private static readonly int Seeds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 1000 : 20;

    [Fact]
    public Task Replica_Diverges_OthersStayTheTruth() => Seed.ForEachAsync(Seeds, RunAsync);

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var isReadSafe = random.Next(2) == 0;
        var options = new EtcdLogOptions { CheckpointLogBytesMin = random.Next(300, 2000) };
        var isCalm = random.Next(2) == 0;
        var cluster = new SimulatedCluster(random, Replicas, options, () => isCalm ? null : new SimulatedFaults(random, isReadSafe));
        try
        {
            var written = 0;
            var diverges = random.Next(Replicas);
            await cluster.DriveAsync(Task.Run(async () =>
            {
                await WriteAsync("spoilt", diverges);
                cluster.Replicas[diverges].Diverging.Diverge();
                for (var i = 0; !IsBack(cluster.Replicas[diverges]); i++)
                {
                    // Among constant faults, nobody may ever be heard.
                    if (i == FaultyWrites)
                        Array.ForEach([.. cluster.Replicas], replica => replica.Faults?.Heal());
                    await WriteAsync($"k/{random.Next(5)}", random.Next(Replicas));

                    // The clock moves only while everything waits.
                    await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 100)), cluster.Time);
                }
            }));
            var differences = await cluster.HealAsync();

            Assert.Empty(cluster.Oracle.Mistakes);
            Assert.Empty(differences);

            async Task WriteAsync(string key, int replica)
            {
                while ((await cluster.SubmitAsync(replica, $"{++written}", new Transaction([Oracle.NewMark($"{written}")], [Some.Put(key, new string('x', 30))]))).Outcome is not Outcome.Committed)
                    await Task.Delay(TimeSpan.FromMilliseconds(50), cluster.Time);
            }
        }
        finally
        {
            await cluster.StopAsync();
        }
    }

    private static bool IsBack(SimulatedReplica replica) => !replica.Diverging.IsDiverging && replica.Store.Latest.Find(DivergingLog.Spoilt).Text()?.StartsWith('x') == true;
}
