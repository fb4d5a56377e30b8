using System.Net;
using System.Net.Sockets;

namespace KvStore.Testing;

/// <summary>A cluster of etcd processes on this machine, with its data in a temporary directory. Disposing kills these processes and no others.</summary>
internal sealed class EtcdCluster : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kvstore-etcd-").FullName;

    private EtcdCluster(IReadOnlyList<ProcessHost> hosts, string scheme, string[] options)
    {
        var members = hosts.Count;
        var ports = FreePorts(2 * members);
        var peers = hosts.Select((host, member) => $"http://{host.Address}:{ports[(2 * member) + 1]}").ToArray();
        var initial = string.Join(',', peers.Select((peer, member) => $"m{member}={peer}"));
        Members = [.. Enumerable.Range(0, members).Select(member =>
        {
            var client = $"{scheme}://{hosts[member].Address}:{ports[2 * member]}";
            return new EtcdProcess($"m{member}", new(client), hosts[member],
            [
                "--name", $"m{member}", "--data-dir", Path.Combine(_directory, $"m{member}"),
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peers[member], "--initial-advertise-peer-urls", peers[member],
                "--initial-cluster", initial, "--initial-cluster-token", _directory,
                "--logger", "zap", "--log-outputs", "stderr", .. options,
            ]);
        })];
    }

    public IReadOnlyList<EtcdProcess> Members { get; }

    public Uri[] Endpoints => [.. Members.Select(member => member.ClientUrl)];

    /// <summary>Starts a cluster and waits until every member serves clients.</summary>
    /// <param name="members">How many.</param>
    /// <param name="options">Further options of etcd.</param>
    public static Task<EtcdCluster> StartAsync(int members, params string[] options) => StartAsync(members, "http", options);

    /// <summary>The same with the scheme of the clients' URLs, such as <c>https</c>.</summary>
    public static Task<EtcdCluster> StartAsync(int members, string scheme, string[] options) =>
        StartAsync([.. Enumerable.Repeat(ProcessHost.Loopback, members)], scheme, options);

    /// <summary>The same with a member on each of these hosts.</summary>
    public static async Task<EtcdCluster> StartAsync(IReadOnlyList<ProcessHost> hosts, string scheme, string[] options)
    {
        // A port that was free may be taken before etcd has it.
        for (var attempt = 1; ; attempt++)
        {
            var cluster = new EtcdCluster(hosts, scheme, options);
            try
            {
                foreach (var member in cluster.Members)
                    member.Launch();
                var serving = await Task.WhenAll(cluster.Members.Select(member => member.WaitUntilServingAsync()));
                if (serving.All(isServing => isServing))
                    return cluster;
                if (attempt == 3)
                    throw new InvalidOperationException("etcd does not start:\n" + string.Join('\n', cluster.Members.Select(member => member.Log)));
            }
            catch
            {
                await cluster.DisposeAsync();
                throw;
            }

            await cluster.DisposeAsync();
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            member.Dispose();
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    // A member keeps its ports while it is down, so they lie below those that the system gives to outgoing connections.
    private static int[] FreePorts(int count)
    {
        var ports = new HashSet<int>();
        while (ports.Count < count)
        {
            var port = Random.Shared.Next(10_000, 32_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                ports.Add(port);
            }
            catch (SocketException)
            {
                // Another program has it.
            }
        }

        return [.. ports];
    }
}
