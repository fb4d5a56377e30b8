using System.Diagnostics;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>Replicas as processes of their own, over a cluster of etcd.</summary>
internal sealed class ReplicaProcesses : IAsyncDisposable
{
    private readonly List<ServerProcess> _replicas = [];
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };

    private ReplicaProcesses(EtcdCluster etcd) => Etcd = etcd;

    public EtcdCluster Etcd { get; }

    public string EtcdUrls => string.Join(',', Etcd.Endpoints.Select(endpoint => endpoint.GetLeftPart(UriPartial.Authority)));

    public static async Task<ReplicaProcesses> StartAsync(int members) => new(await EtcdCluster.StartAsync(members));

    /// <summary>Starts a replica and waits until it is ready.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">How it finds the cluster.</param>
    /// <param name="through">A program that becomes the replica.</param>
    public async Task<ServerProcess> LaunchAsync(string name, string[] arguments, params string[] through)
    {
        var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--KvStore:ReplicaName", name, .. arguments], [], through);
        _replicas.Add(await server.WhenReadyAsync());
        return server;
    }

    public Task<ServerProcess> StartAsync(string name, params string[] through) => LaunchAsync(name, ["--engine", "etcd", "--etcd", EtcdUrls], through);

    /// <summary>What a replica says of the cluster.</summary>
    public async Task<JsonElement> ClusterAsync(ServerProcess replica)
    {
        using var cluster = JsonDocument.Parse(await _client.GetByteArrayAsync(new Uri(replica.Address, "/v1/cluster"), TestContext.Current.CancellationToken));
        return cluster.RootElement.Clone();
    }

    /// <summary>Waits until all of these say the same at one time.</summary>
    /// <param name="describe">What of the cluster is meant.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="replicas">Those that are asked.</param>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> AgreeAsync(Func<JsonElement, string> describe, string expected, params ServerProcess[] replicas)
    {
        var start = Stopwatch.GetTimestamp();
        string[] seen = [];
        try
        {
            await Soon.UntilAsync(async () => (seen = [.. (await Task.WhenAll(replicas.Select(ClusterAsync))).Select(describe)]).All(one => one == expected));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Expected: {expected}. Seen: {string.Join("; ", seen)}.");
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>The replicas and their states, by their names.</summary>
    public static string StatesOf(JsonElement cluster) => string.Join(' ', cluster.GetProperty("replicas").EnumerateArray()
        .Select(replica => $"{replica.GetProperty("name").GetString()}={replica.GetProperty("state").GetString()}").Order(StringComparer.Ordinal));

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, ServerProcess replica, string target, string? body = null) =>
        _client.SendAsync(new HttpRequestMessage(method, new Uri(replica.Address, target)) { Content = body is null ? null : new StringContent(body) }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
        await Etcd.DisposeAsync();
        _client.Dispose();
    }
}
