namespace KvStore.Etcd.Tests;

[Trait("Needs", "packages")]
public sealed class EtcdClusterTests
{
    [Fact]
    public async Task Member_KilledAndRestarted_ServesItsDataAgain()
    {
        await using var cluster = await EtcdCluster.StartAsync(3);
        using var http = new HttpClient();

        await cluster.Members[0].KillAsync();
        await cluster.Members[0].RestartAsync();
        cluster.Members[1].Pause();
        cluster.Members[1].Resume();

        Assert.All(cluster.Members, member => Assert.True(member.IsServing));
        Assert.Contains("etcdserver", await http.GetStringAsync(new Uri(cluster.Endpoints[0], "version"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
