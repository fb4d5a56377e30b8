using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>Replicas that join a cluster, or must not.</summary>
[Trait("Needs", "packages")]
public sealed class MembershipTests
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Join_OfAnotherCluster_IsRefused()
    {
        await using var replicas = await ReplicaProcesses.StartAsync(members: 1);
        await using var other = await EtcdCluster.StartAsync(1);
        var a = await replicas.StartAsync("a");
        var url = other.Endpoints[0].GetLeftPart(UriPartial.Authority);
        await Soon.UntilAsync(async () => (await InvitationAsync(replicas, a)).TryGetProperty("etcd_cluster_id", out _));
        var invitation = await InvitationAsync(replicas, a);

        await using var joining = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--join", Text(a), "--etcd", url]);
        Assert.Equal(2, await joining.WaitForExitAsync(ExitTimeout));
        Assert.Contains($"{Text(a)} belongs to another cluster: its store {invitation.GetProperty("store_id").GetString()} is in the etcd cluster {invitation.GetProperty("etcd_cluster_id").GetString()}, and {url} is the cluster ", joining.Transcript, StringComparison.Ordinal);

        await using var differing = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--join", Text(a), "--KvStore:ValueBytesMax", "2000"]);
        Assert.Equal(2, await differing.WaitForExitAsync(ExitTimeout));
        Assert.Contains($"KvStore:ValueBytesMax must be the same on all replicas: it is 1MiB at {Text(a)}, and 2000 here.", differing.Transcript, StringComparison.Ordinal);

        // Its own way to the same cluster is none of another cluster.
        await replicas.LaunchAsync("b", ["--join", Text(a), "--etcd", replicas.EtcdUrls]);
    }

    private static string Text(ServerProcess replica) => replica.Address.GetLeftPart(UriPartial.Authority);

    private static async Task<JsonElement> InvitationAsync(ReplicaProcesses replicas, ServerProcess replica)
    {
        var answer = await replicas.SendAsync(HttpMethod.Get, replica, "/v1/cluster/join");
        using var invitation = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return invitation.RootElement.Clone();
    }
}
