using System.Collections.Concurrent;

namespace KvStore.SystemTests;

/// <summary>Write-through on a cluster: whichever replica gets a write, the origin and the store have the writes of each key in one order. KVSTORE_TEST_LONG=1 writes for long.</summary>
[Trait("Needs", "packages")]
public sealed class ClusterThroughTests
{
    private const int Lanes = 8;
    private const int Keys = 5;

    private static readonly int WritesPerLane = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 500 : 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Put_OfAKeyOnTwoReplicasAtOnce_ReachesBothInOneOrder()
    {
        await using var vendor = await ServerProcess.StartAsync(("Engine", "memory"));
        await using var cluster = await ReplicaCluster.StartAsync(2,
        [
            ("Origins__acme__Prefix", "rates/"), ("Origins__acme__Http__Url", $"{vendor.Address}v1/kv/rates/{{key}}"), ("Origins__acme__Writes", "through"),
        ]);
        var answers = new ConcurrentDictionary<int, int>();
        var random = Seed.NewRandom();
        var seeds = Enumerable.Range(0, Lanes).Select(_ => random.Next()).ToArray();
        await Task.WhenAll(seeds.Select((seed, lane) => Task.Run(() => WriteAsync(cluster, lane, new Random(seed), answers))));

        // The last one that each key had is known, so that both streams can be read to their ends.
        var committed = 0;
        for (var key = 0; key < Keys; key++)
        {
            using var client = new ReplicaClient(cluster.Replicas, Patience);
            await client.ExpectAsync(key % 2, null, "PUT", $"/v1/kv/rates/{key}", "last");
            var atVendor = await ValuesAsync(vendor.Address, key);
            Assert.Equal(atVendor, await ValuesAsync(cluster.Replicas[1].Address, key));
            Assert.Equal(atVendor, await ValuesAsync(cluster.Replicas[0].Address, key));
            Assert.Equal("last", (await client.ExpectAsync(1, 200, "GET", $"/v1/kv/rates/{key}")).Text);
            committed += atVendor.Count - 1;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{committed} writes committed; answers: {string.Join(", ", answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Value} x {answer.Key}"))}");
        Assert.Equal(committed, answers.Where(answer => answer.Key is 201 or 204).Sum(answer => answer.Value));
        Assert.InRange(committed, Lanes, Lanes * WritesPerLane);
    }

    private static async Task WriteAsync(ReplicaCluster cluster, int lane, Random random, ConcurrentDictionary<int, int> answers)
    {
        using var client = new ReplicaClient(cluster.Replicas, Patience);
        for (var i = 0; i < WritesPerLane; i++)
        {
            var body = $"{lane}-{i}";
            var key = random.Next(Keys);
            var reply = await client.SendAsync(lane % 2, $"PUT /v1/kv/rates/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            var status = reply.Response?.Status ?? throw new IOException($"A write was not answered. {cluster.Transcript}");
            answers.AddOrUpdate(status, 1, (_, count) => count + 1);
            if (random.Next(5) == 0)
                await client.ExpectAsync(random.Next(2), null, "GET", $"/v1/kv/rates/{key}");
        }
    }

    // What a key had, one value after the other. Loads that found what was there already are no change of it.
    private static async Task<List<string>> ValuesAsync(Uri address, int key)
    {
        var values = new List<string>();
        using var stream = await EventStream.OpenAsync(address, $"?key=rates/{key}&after=0");
        while (values is not [.., "last"])
        {
            var change = (await stream.NextAsync("change")).Json.GetProperty("changes")[0];
            var value = change.GetProperty("text").GetString()!;
            if (values is not [.., var before] || before != value)
                values.Add(value);
        }

        return values;
    }
}
