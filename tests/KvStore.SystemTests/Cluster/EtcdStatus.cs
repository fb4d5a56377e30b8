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

    /// <summary>etcd's revision.</summary>
    public static async Task<long> RevisionAsync(this EtcdCluster etcd) =>
        long.Parse((await TryReadAsync(etcd.Members[0]))!.Value.GetProperty("header").GetProperty("revision").GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Puts keys in one transaction.</summary>
    public static async Task PutAsync(this EtcdCluster etcd, params (string Key, byte[] Value)[] puts)
    {
        var operations = puts.Select(put => $$$"""{"request_put":{"key":"{{{Base64(put.Key)}}}","value":"{{{Convert.ToBase64String(put.Value)}}}"}}""");
        await PostAsync(etcd, "/v3/kv/txn", $$"""{"success":[{{string.Join(',', operations)}}]}""");
    }

    /// <summary>The keys that there are of those that were written after a revision.</summary>
    public static async Task<string[]> ChangedAfterAsync(this EtcdCluster etcd, long revision)
    {
        var answer = await PostAsync(etcd, "/v3/kv/range", $$"""{"key":"AA==","range_end":"AA==","keys_only":true,"min_mod_revision":"{{revision + 1}}"}""");
        return answer.TryGetProperty("kvs", out var kvs) ? [.. kvs.EnumerateArray().Select(kv => Encoding.UTF8.GetString(kv.GetProperty("key").GetBytesFromBase64()))] : [];
    }

    /// <summary>Drops etcd's history up to now, as <c>etcdctl compact --physical</c> does.</summary>
    public static async Task CompactAsync(this EtcdCluster etcd)
    {
        var revision = (await TryReadAsync(etcd.Members[0]))!.Value.GetProperty("header").GetProperty("revision").GetString();
        using var content = new StringContent($$"""{"revision":"{{revision}}","physical":true}""", Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(new Uri(etcd.Members[0].ClientUrl, "/v3/kv/compaction"), content, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode || text.Contains("has been compacted", StringComparison.Ordinal), text);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async Task<JsonElement> PostAsync(EtcdCluster etcd, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(new Uri(etcd.Members[0].ClientUrl, path), content, TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return document.RootElement.Clone();
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
