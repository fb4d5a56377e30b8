using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>What members of etcd say of themselves, over the JSON that they speak beside gRPC.</summary>
internal static class EtcdStatus
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(1) };

    /// <summary>The member that leads; null if no member answers that it does.</summary>
    public static async Task<EtcdProcess?> FindLeaderAsync(this EtcdCluster etcd)
    {
        foreach (var member in etcd.Members)
        {
            if (member.IsServing && await TryReadAsync(member) is { } status
                && status.TryGetProperty("leader", out var leader) && leader.GetString() == status.GetProperty("header").GetProperty("member_id").GetString())
                return member;
        }

        return null;
    }

    /// <summary>Waits for a leader.</summary>
    public static async Task<EtcdProcess> LeaderAsync(this EtcdCluster etcd)
    {
        EtcdProcess? leader = null;
        await Soon.UntilAsync(async () => (leader = await etcd.FindLeaderAsync()) is not null);
        return leader!;
    }

    /// <summary>How large the database of a member is, in bytes.</summary>
    public static async Task<long> DatabaseBytesAsync(this EtcdProcess member) =>
        long.Parse((await TryReadAsync(member))!.Value.GetProperty("dbSize").GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Drops etcd's history up to now, as <c>etcdctl compact --physical</c> does.</summary>
    public static async Task CompactAsync(this EtcdCluster etcd)
    {
        var revision = (await TryReadAsync(etcd.Members[0]))!.Value.GetProperty("header").GetProperty("revision").GetString();
        using var content = new StringContent($$"""{"revision":"{{revision}}","physical":true}""", Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(new Uri(etcd.Members[0].ClientUrl, "/v3/kv/compaction"), content, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode || text.Contains("has been compacted", StringComparison.Ordinal), text);
    }

    private static async Task<JsonElement?> TryReadAsync(EtcdProcess member)
    {
        try
        {
            using var content = new StringContent("{}", Encoding.UTF8, "application/json");
            using var response = await Http.PostAsync(new Uri(member.ClientUrl, "/v3/maintenance/status"), content, TestContext.Current.CancellationToken);
            using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            return document.RootElement.Clone();
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
