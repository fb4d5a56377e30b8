using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>
/// Does to the processes of a cluster and to their network what happens to them: one fault after the other, sometimes two at once, each for a moment. Disposing ends it and
/// repairs everything.
/// </summary>
internal sealed class ClusterFaults : IAsyncDisposable
{
    private const int HoldMillisecondsMax = 1500;
    private const int CalmMillisecondsMax = 600;

    private readonly ReplicaCluster _cluster;
    private readonly Random _random;
    private readonly CancellationTokenSource _end = new();
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Task _running;

    private ClusterFaults(ReplicaCluster cluster, Random random)
    {
        (_cluster, _random) = (cluster, random);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The longest time from a start of a replica until it was ready.</summary>
    public TimeSpan LongestStart { get; private set; }

    /// <summary>How many of each kind there were.</summary>
    public string Counts => string.Join(", ", _counts.Select(count => $"{count.Value} x {count.Key}"));

    public int Total => _counts.Values.Sum();

    public static ClusterFaults Start(ReplicaCluster cluster, Random random) => new(cluster, random);

    /// <summary>Ends it and waits until everything runs again; fails if something did not start again.</summary>
    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            // The members of etcd, then the replicas; each is chosen for one fault at a time.
            var nodes = Enumerable.Range(0, _cluster.Etcd.Members.Count + _cluster.Replicas.Count).ToArray();
            _random.Shuffle(nodes);
            var leader = await _cluster.Etcd.FindLeaderAsync();
            if (leader is not null && _random.Next(3) == 0)
                Put(nodes, NumberOf(leader), 0);

            var second = _random.Next(3) == 0;
            var faults = new[] { FaultAsync(nodes[0], nodes[2], leader, new Random(_random.Next())), second ? FaultAsync(nodes[1], nodes[3], leader, new Random(_random.Next())) : Task.CompletedTask };
            await Task.WhenAll(faults);
            await PauseAsync(_random.Next(CalmMillisecondsMax));
        }
    }

    /// <param name="node">What it happens to.</param>
    /// <param name="other">The other side of a cut.</param>
    /// <param name="leader">The leader of etcd.</param>
    /// <param name="random">Decides what happens, and for how long.</param>
    private Task FaultAsync(int node, int other, EtcdProcess? leader, Random random)
    {
        var hold = random.Next(HoldMillisecondsMax);
        if (_cluster.Network is { } network && random.Next(3) == 0)
            return CutAsync(network, node, other, leader, hold, random);
        var members = _cluster.Etcd.Members;
        return node < members.Count
            ? HurtAsync(members[node], members[node] == leader ? "leader" : "follower", hold, random)
            : HurtAsync(_cluster.Replicas[node - members.Count], hold, random);
    }

    private async Task HurtAsync(EtcdProcess member, string role, int hold, Random random)
    {
        if (random.Next(2) == 0)
        {
            Count($"{role} of etcd paused");
            member.Pause();
            await PauseAsync(hold);
            member.Resume();
            return;
        }

        Count($"{role} of etcd killed");
        await member.KillAsync();
        await PauseAsync(hold);
        await member.RestartAsync();
    }

    private async Task HurtAsync(Replica replica, int hold, Random random)
    {
        switch (random.Next(5))
        {
            case 0 or 1:
                Count("replica paused");
                replica.Pause();
                await PauseAsync(hold);
                replica.Resume();
                return;
            case 2:
                Count("replica stopped");
                await replica.TerminateAsync();
                break;
            default:
                Count("replica killed");
                await replica.KillAsync();
                break;
        }

        await PauseAsync(hold);
        var started = Stopwatch.GetTimestamp();
        await replica.RestartAsync();
        lock (_lock)
            LongestStart = TimeSpan.FromTicks(Math.Max(LongestStart.Ticks, Stopwatch.GetElapsedTime(started).Ticks));
    }

    private async Task CutAsync(PrivateNetwork network, int node, int other, EtcdProcess? leader, int hold, Random random)
    {
        var members = _cluster.Etcd.Members.Count;
        var name = $"{NameOf(node)} and {NameOf(other)}";
        switch (random.Next(3))
        {
            case 0:
                Count("one direction cut between two");
                network.Cut(node, other);
                break;
            case 1:
                Count($"cut between {name}");
                network.CutBoth(node, other);
                break;
            default:
                Count($"{NameOf(node)} cut from every member");
                for (var member = 0; member < members; member++)
                {
                    if (member != node)
                        network.CutBoth(node, member);
                }

                break;
        }

        await PauseAsync(hold);
        for (var to = 0; to < network.Hosts.Count; to++)
            network.Mend(node, to);

        string NameOf(int number) => number >= members ? "replica" : _cluster.Etcd.Members[number] == leader ? "leader" : "follower";
    }

    private int NumberOf(EtcdProcess member) => Array.IndexOf([.. _cluster.Etcd.Members], member);

    private static void Put(int[] nodes, int node, int at)
    {
        var from = Array.IndexOf(nodes, node);
        (nodes[at], nodes[from]) = (nodes[from], nodes[at]);
    }

    private Task PauseAsync(int milliseconds) => Task.Delay(milliseconds, _end.Token).ContinueWith(_ => { }, TaskScheduler.Default);

    private void Count(string kind)
    {
        lock (_lock)
            _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
    }
}
