using System.Diagnostics;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>All replicas give the same answer to <c>GET /v1/cluster</c> within three seconds of every change.</summary>
[Trait("Needs", "packages")]
[Trait("Run", "once")]
public sealed class AgreementTests(ITestOutputHelper output) : IAsyncDisposable
{
    private static readonly TimeSpan AgreementMax = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(20);

    private readonly Lateness _lateness = new();
    private readonly List<string> _late = [];
    private ReplicaProcesses? _replicas;

    private ReplicaProcesses Replicas => _replicas!;

    public async ValueTask DisposeAsync()
    {
        await _lateness.DisposeAsync();
        if (_replicas is not null)
            await _replicas.DisposeAsync();
    }

    [Fact]
    public async Task EveryChange_IsSeenByAllWithinThreeSeconds()
    {
        _replicas = await ReplicaProcesses.StartAsync(members: 3);
        var a = await StartAsync("a");
        var b = await StartAsync("b");
        await AgreeAsync("b is ready", ReplicaProcesses.StatesOf, "a=ready b=ready", a, b);
        var c = await StartAsync("c");
        await AgreeAsync("c is ready", ReplicaProcesses.StatesOf, "a=ready b=ready c=ready", a, b, c);

        c.Send(Signal.Terminate);
        await AgreeAsync("c drains", ReplicaProcesses.StatesOf, "a=ready b=ready c=draining", a, b, c);
        Assert.Equal(0, await c.WaitForExitAsync(ExitTimeout));
        await AgreeAsync("c has ended", ReplicaProcesses.StatesOf, "a=ready b=ready", a, b);

        c = await StartAsync("c");
        await AgreeAsync("c is ready again", ReplicaProcesses.StatesOf, "a=ready b=ready c=ready", a, b, c);
        c.Send(Signal.Kill);
        await AgreeAsync("c is killed", ReplicaProcesses.StatesOf, "a=ready b=ready c=failed", a, b);
        var id = (await Replicas.ClusterAsync(a)).GetProperty("replicas").EnumerateArray().Single(replica => replica.GetProperty("name").GetString() == "c").GetProperty("id").GetString();
        Assert.True((await Replicas.SendAsync(HttpMethod.Delete, b, $"/v1/cluster/replicas/{id}")).IsSuccessStatusCode);
        await AgreeAsync("c is forgotten", ReplicaProcesses.StatesOf, "a=ready b=ready", a, b);

        b.Send(Signal.Stop);
        await AgreeAsync("b is paused", ReplicaProcesses.StatesOf, "a=ready b=failed", a);
        b.Send(Signal.Continue);
        await AgreeAsync("b continues", ReplicaProcesses.StatesOf, "a=ready b=ready", a, b);

        var leader = await Replicas.Etcd.LeaderAsync();
        await leader.KillAsync();
        var next = await Replicas.Etcd.LeaderAsync();
        await AgreeAsync("etcd has another leader", LeaderOf, next.Name, a, b);
        await AgreeAsync("after that, states are known", ReplicaProcesses.StatesOf, "a=ready b=ready", a, b);
        await leader.RestartAsync();
        await AgreeAsync("a member of etcd is back", HealthyOf, "3", a, b);

        foreach (var member in Replicas.Etcd.Members.Take(2))
            member.Pause();
        await AgreeAsync("etcd has no quorum", ReplicaProcesses.StatesOf, "a=unknown b=unknown", a, b);
        await Replicas.AgreeAsync(HealthyOf, "0", a, b);
        foreach (var member in Replicas.Etcd.Members.Take(2))
            member.Resume();
        await Replicas.Etcd.LeaderAsync();
        await AgreeAsync("etcd has a quorum", ReplicaProcesses.StatesOf, "a=ready b=ready", a, b);
        Assert.Empty(_late);
    }

    private Task<ServerProcess> StartAsync(string name) => Replicas.LaunchAsync(name, ["--engine", "etcd", "--etcd", Replicas.EtcdUrls, "--KvStore:DrainTime", "4s"]);

    private static string LeaderOf(JsonElement cluster) =>
        cluster.GetProperty("etcd").EnumerateArray().Where(member => member.GetProperty("leader").GetBoolean()).Select(member => member.GetProperty("name").GetString()).SingleOrDefault() ?? "none";

    private static string HealthyOf(JsonElement cluster) => cluster.GetProperty("quorum").GetProperty("healthy").GetRawText();

    private async Task AgreeAsync(string change, Func<JsonElement, string> describe, string expected, params ServerProcess[] replicas)
    {
        var before = _lateness.Total;
        var elapsed = await Replicas.AgreeAsync(describe, expected, replicas);
        var lateness = _lateness.Total - before;
        var line = $"{change}: agreed after {elapsed.TotalSeconds:0.00} s, of which timers on this machine were late by {lateness.TotalSeconds:0.00} s";
        output.WriteLine(line);
        if (elapsed > AgreementMax + lateness)
            _late.Add(line);
    }

    /// <summary>How late the timers of a busy machine are, in all: as late are those of the replicas.</summary>
    private sealed class Lateness : IAsyncDisposable
    {
        private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

        private readonly CancellationTokenSource _ending = new();
        private readonly Task _measuring;
        private long _ticks;

        public Lateness() => _measuring = MeasureAsync();

        public TimeSpan Total => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _measuring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ending.Dispose();
        }

        private async Task MeasureAsync()
        {
            while (true)
            {
                var start = Stopwatch.GetTimestamp();
                await Task.Delay(Period, _ending.Token);
                Interlocked.Add(ref _ticks, (Stopwatch.GetElapsedTime(start) - Period).Ticks);
            }
        }
    }
}
