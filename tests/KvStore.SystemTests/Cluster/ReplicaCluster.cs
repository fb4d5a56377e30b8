namespace KvStore.SystemTests;

/// <summary>Replicas over an etcd cluster, as processes of this machine.</summary>
internal sealed class ReplicaCluster : IAsyncDisposable
{
    private const int Members = 3;

    private readonly PrivateNetwork? _network;
    private readonly (string Name, string Value)[] _settings;

    private ReplicaCluster(EtcdCluster etcd, PrivateNetwork? network, (string Name, string Value)[] settings) =>
        (Etcd, _network, _settings) = (etcd, network, settings);

    public EtcdCluster Etcd { get; }

    /// <summary>The network that they are on, as the members of etcd and then the replicas; null if it cannot be cut.</summary>
    public PrivateNetwork? Network => _network;

    public List<Replica> Replicas { get; } = [];

    /// <summary>Starts three members of etcd, then the replicas, and waits until they are ready.</summary>
    /// <param name="replicas">How many.</param>
    /// <param name="settings">Settings of every replica, as <see cref="ServerProcess"/> takes them.</param>
    /// <param name="isCuttable">Whether to put them on a network of their own, where that is possible.</param>
    public static async Task<ReplicaCluster> StartAsync(int replicas, (string Name, string Value)[]? settings = null, bool isCuttable = false)
    {
        var network = isCuttable ? PrivateNetwork.TryCreate(Members + replicas) : null;
        EtcdCluster etcd;
        try
        {
            IReadOnlyList<ProcessHost> hosts = network?.Hosts.Take(Members).ToArray() ?? [.. Enumerable.Repeat(ProcessHost.Loopback, Members)];
            etcd = await EtcdCluster.StartAsync(hosts, "http", []);
        }
        catch
        {
            network?.Dispose();
            throw;
        }

        var cluster = new ReplicaCluster(etcd, network, settings ?? []);
        try
        {
            for (var i = 0; i < replicas; i++)
                cluster.Add().Launch();
            await Task.WhenAll(cluster.Replicas.Select(replica => replica.WhenReadyAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds a replica that does not run yet.</summary>
    public Replica Add(params (string Name, string Value)[] settings)
    {
        var number = Replicas.Count;
        var host = _network?.Hosts[Members + number] ?? ProcessHost.Loopback;
        string[] arguments = ["--engine", "etcd", "--etcd", string.Join(',', Etcd.Endpoints.Select(endpoint => endpoint.GetLeftPart(UriPartial.Authority)))];
        (string, string)[] open = _network is null ? [] : [("AllowAnonymous", "true")];
        var replica = new Replica($"replica {number}", host, BalancerProcess.FreePort(), arguments, [.. open, .. _settings, .. settings]);
        Replicas.Add(replica);
        return replica;
    }

    /// <summary>What each process has printed, for the message of a failed assertion.</summary>
    public string Transcript => string.Join('\n', Replicas.Select(replica => replica.Transcript));

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in Replicas)
            await replica.DisposeAsync();
        await Etcd.DisposeAsync();
        _network?.Dispose();
    }
}
