using System.Globalization;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>Replicas that join a cluster, or must not.</summary>
[Trait("Needs", "packages")]
public sealed class MembershipTests
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Join_Chain_IsOneCluster_AlsoWithoutItsFirstReplicas()
    {
        await using var replicas = await ReplicaProcesses.StartAsync(members: 1);
        var a = await replicas.StartAsync("a");
        var b = await replicas.LaunchAsync("b", ["--join", Text(a)]);
        var c = await replicas.LaunchAsync("c", ["--join", Text(b)]);
        await replicas.AgreeAsync(ReplicaProcesses.StatesOf, "a=ready b=ready c=ready", a, b, c);

        // Whoever was joined is not needed any more.
        a.Send(Signal.Terminate);
        Assert.Equal(0, await a.WaitForExitAsync(ExitTimeout));
        b.Send(Signal.Kill);
        await b.WaitForExitAsync(ExitTimeout);
        var d = await replicas.LaunchAsync("d", ["--join", Text(c)]);
        await replicas.AgreeAsync(ReplicaProcesses.StatesOf, "b=failed c=ready d=ready", c, d);
        Assert.True((await replicas.SendAsync(HttpMethod.Put, c, "/v1/kv/key", "value")).IsSuccessStatusCode);
        Assert.Equal("value", await (await replicas.SendAsync(HttpMethod.Get, d, "/v1/kv/key")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        await RefusedAsync($"{Text(b)} cannot be joined: Connection refused. Give --join the address of a replica that is running.", "--join", Text(b));
    }

    [Fact]
    public async Task Join_OfAnotherClusterOrWithAnotherSetting_IsRefused()
    {
        await using var replicas = await ReplicaProcesses.StartAsync(members: 1);
        await using var other = await EtcdCluster.StartAsync(1);
        var a = await replicas.StartAsync("a");
        var url = other.Endpoints[0].GetLeftPart(UriPartial.Authority);
        await Soon.UntilAsync(async () => (await InvitationAsync(replicas, a)).TryGetProperty("etcd_cluster_id", out _));
        var invitation = await InvitationAsync(replicas, a);

        await RefusedAsync(
            $"{Text(a)} belongs to another cluster: its store {invitation.GetProperty("store_id").GetString()} is in the etcd cluster {invitation.GetProperty("etcd_cluster_id").GetString()}, " +
            $"and {url} is the cluster {await ClusterIdAsync(other)}. Leave out --etcd, or join a replica of that cluster.",
            "--join", Text(a), "--etcd", url);
        await RefusedAsync(
            $"KvStore:ValueBytesMax must be the same on all replicas: it is 1MiB at {Text(a)}, and 2000 here. Leave it out, and it is taken from there.",
            "--join", Text(a), "--KvStore:ValueBytesMax", "2000");

        // Its own way to the same cluster is none of another cluster.
        await replicas.LaunchAsync("b", ["--join", Text(a), "--etcd", replicas.EtcdUrls]);
    }

    private static async Task RefusedAsync(string reason, params string[] arguments)
    {
        await using var joining = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", .. arguments]);
        Assert.Equal(2, await joining.WaitForExitAsync(ExitTimeout));
        Assert.Contains("  " + reason, joining.Error.ToString().Split('\n'));
    }

    private static async Task<string> ClusterIdAsync(EtcdCluster etcd)
    {
        using var client = new HttpClient();
        using var content = new StringContent("{}");
        using var response = await client.PostAsync(new Uri(etcd.Endpoints[0], "/v3/maintenance/status"), content, TestContext.Current.CancellationToken);
        using var status = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return ulong.Parse(status.RootElement.GetProperty("header").GetProperty("cluster_id").GetString()!, CultureInfo.InvariantCulture).ToString("x", CultureInfo.InvariantCulture);
    }

    private static string Text(ServerProcess replica) => replica.Address.GetLeftPart(UriPartial.Authority);

    private static async Task<JsonElement> InvitationAsync(ReplicaProcesses replicas, ServerProcess replica)
    {
        var answer = await replicas.SendAsync(HttpMethod.Get, replica, "/v1/cluster/join");
        using var invitation = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return invitation.RootElement.Clone();
    }
}
