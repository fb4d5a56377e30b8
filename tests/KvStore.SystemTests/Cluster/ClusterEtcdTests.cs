namespace KvStore.SystemTests;

/// <summary>An etcd that is not the store's alone.</summary>
[Trait("Needs", "packages")]
public sealed class ClusterEtcdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task TwoPrefixes_OnOneEtcd_AreTwoStores()
    {
        await using var cluster = await ReplicaCluster.StartAsync(1);
        var other = cluster.Add(("EtcdPrefix", "other/"));
        await other.RestartAsync();
        using var client = new ReplicaClient(cluster.Replicas, Patience);
        using var watch = await EventStream.OpenAsync(other.Address, "?prefix=&values=false");
        for (var i = 0; i < 50; i++)
        {
            await client.ExpectAsync(0, 201, "PUT", $"/v1/kv/{i}", "of the first");
            if (i % 5 == 0)
            {
                var write = await client.ExpectAsync(1, 201, "PUT", $"/v1/kv/{i}", "of the other");
                Assert.Equal(write.Revision, (await watch.NextAsync("change")).Revision);
            }
        }

        await client.ExpectAsync(0, 200, "DELETE", "/v1/kv?prefix=1");
        Assert.Equal(("39", "10"), (await CountAsync(client, 0), await CountAsync(client, 1)));
        Assert.Equal("of the other", (await client.ExpectAsync(1, 200, "GET", "/v1/kv/10")).Text);
        Assert.NotEqual((await client.ExpectAsync(0, 200, "GET", "/v1/kv")).Header("KvStore-Store-Id"), (await client.ExpectAsync(1, 200, "GET", "/v1/kv")).Header("KvStore-Store-Id"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task History_CompactedByOthersWhileReplicaIsAway_ReplicaCatchesUp(bool isPaused)
    {
        await using var cluster = await ReplicaCluster.StartAsync(2);
        using var client = new ReplicaClient(cluster.Replicas, Patience);
        await client.ExpectAsync(1, 201, "PUT", "/v1/kv/first", "value");
        if (isPaused)
            cluster.Replicas[1].Pause();
        else
            await cluster.Replicas[1].KillAsync();
        for (var i = 0; i < 300; i++)
            await client.ExpectAsync(0, 201, "PUT", $"/v1/kv/missed/{i}", "value");
        await cluster.Etcd.CompactAsync();
        if (isPaused)
            cluster.Replicas[1].Resume();
        else
            await cluster.Replicas[1].RestartAsync();

        Assert.Equal(301, await ReplicaComparison.AssertEqualAsync(cluster.Replicas));
        await client.ExpectAsync(1, 201, "PUT", "/v1/kv/last", "value");
        Assert.Equal(302, await ReplicaComparison.AssertEqualAsync(cluster.Replicas));
    }

    [Fact]
    public async Task History_CompactedByOthersAllTheTime_WatchesAndWritesContinue()
    {
        await using var cluster = await ReplicaCluster.StartAsync(2);
        using var client = new ReplicaClient(cluster.Replicas, Patience);
        using var watch = await EventStream.OpenAsync(cluster.Replicas[1].Address, "?prefix=&values=false");
        for (var i = 0; i < 100; i++)
        {
            var write = await client.ExpectAsync(i % 2, 201, "PUT", $"/v1/kv/{i}", "value");
            await cluster.Etcd.CompactAsync();
            Assert.Equal(write.Revision, (await watch.NextAsync("change")).Revision);
        }

        Assert.Equal(100, await ReplicaComparison.AssertEqualAsync(cluster.Replicas));
    }

    private static async Task<string> CountAsync(ReplicaClient client, int replica) =>
        (await client.ExpectAsync(replica, 200, "GET", "/v1/kv?count_only=true")).Json.GetProperty("count").GetRawText();
}
