namespace KvStore.SystemTests;

/// <summary>Write-behind on a cluster: one replica delivers, and another one when that is killed. KVSTORE_TEST_LONG=1 kills twenty.</summary>
[Trait("Needs", "packages")]
public sealed class ClusterOutboxTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 20 : 1;

    [Fact]
    public async Task Kill_TheReplicaThatDelivers_AnotherDeliversTheRest()
    {
        await using var table = await RatesTable.CreateAsync("perform pg_sleep(random() * 0.01);");
        await using var cluster = await ReplicaCluster.StartAsync(3, table.Settings);
        var random = Seed.NewRandom();
        var writers = new Writers(random, writers: 4, keysPerWriter: 10, valueBytesMax: 200, RatesTable.Prefix + "random/");
        for (var round = 0; round < Rounds; round++)
        {
            var killed = await WriteAndKillTheFirstAsync(cluster, writers, random.Next(50, 300));
            var other = cluster.Replicas.First(replica => replica != killed);
            await writers.CheckAsync(other.Address);
            try
            {
                await RatesTable.WhenDeliveredAsync(other.Process);
            }
            catch (TimeoutException)
            {
                foreach (var replica in cluster.Replicas)
                    TestContext.Current.TestOutputHelper?.WriteLine(replica.Transcript);
                throw;
            }

            await killed.RestartAsync();
        }

        var (arrivals, again) = await table.CheckArrivalsAsync(mayBeLate: true);
        await table.AssertSameAsync(cluster.Replicas[0].Process);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds} kills, {writers.Answered} writes acknowledged, {arrivals} arrivals, of which {again} again");
    }

    // All write to the one that delivers, because clients end with their server.
    private static async Task<Replica> WriteAndKillTheFirstAsync(ReplicaCluster cluster, Writers writers, int count)
    {
        // Replicas that have just started have not heard of each other, and each takes itself for the first.
        Replica? first = null;
        while (first is null)
        {
            var before = await DeliveredAsync(cluster);
            using (var client = await RawConnection.ConnectAsync(cluster.Replicas[0].Address))
                await client.PutAsync("rates/first", $"{count}");
            await cluster.Replicas[0].Process.WaitUntilAsync(async _ => (await DeliveredAsync(cluster)).Sum() > before.Sum());
            await RatesTable.WhenDeliveredAsync(cluster.Replicas[0].Process);
            var after = await DeliveredAsync(cluster);
            first = cluster.Replicas.Where((_, i) => after[i] > before[i]).ToArray() is [var only] ? only : null;
        }

        var enough = writers.AnsweredAsync(count);
        var writing = writers.WriteAsync(first.Address);
        await enough;
        await first.KillAsync();
        await writing;
        return first;
    }

    private static async Task<long[]> DeliveredAsync(ReplicaCluster cluster) => await Task.WhenAll(cluster.Replicas.Select(async replica =>
        (await RatesTable.ReadOriginAsync(replica.Address)).GetProperty("outbox").GetProperty("delivered").GetInt64()));
}
