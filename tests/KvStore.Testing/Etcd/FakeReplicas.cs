using KvStore.Etcd;

namespace KvStore.Testing;

/// <summary>A membership, and the client of etcd that it has.</summary>
internal sealed record FakeReplica(string Id, FakeEtcd Etcd, Membership Membership);

/// <summary>
/// Memberships over one <see cref="FakeEtcdServer"/>, in a time that passes only while a test waits, and slowly while a replica waits for its turn on a busy machine:
/// so none fails that runs.
/// </summary>
internal sealed class FakeReplicas : IAsyncDisposable
{
    // The wait before a failed call is made again.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan SlowStep = TimeSpan.FromSeconds(0.01);

    // An announcement that failed, and was made again.
    private static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(1.5);

    private readonly List<FakeReplica> _all = [];
    private readonly List<FakeReplica> _running = [];
    private readonly List<MembershipEvent> _events = [];

    public FakeEtcdServer Server { get; } = new();

    /// <summary>The time of all replicas, to which their clocks may be wrong.</summary>
    public FakeTimeProvider Time { get; } = new();

    /// <summary>Those that run, in the order of their starts.</summary>
    public IReadOnlyList<FakeReplica> Running => _running;

    /// <summary>What they have reported.</summary>
    public MembershipEvent[] Events
    {
        get
        {
            lock (_events)
                return [.. _events];
        }
    }

    /// <param name="id">Its id, and its name.</param>
    /// <param name="change">Changes its options.</param>
    /// <param name="clockError">How far its clock is from the true time.</param>
    public FakeReplica Start(string id, Func<MembershipOptions, MembershipOptions>? change = null, TimeSpan clockError = default)
    {
        var options = new MembershipOptions { Id = id, Prefix = "kvstore/", Name = () => id, Url = () => "http://" + id, Version = "1.0.0" };
        var client = new FakeEtcd(Server);
        var clock = new ClusterClock(new MachineTime(Time) { Error = clockError });
        var replica = new FakeReplica(id, client, new Membership(client, change?.Invoke(options) ?? options, () => 0, clock, Report));
        _all.Add(replica);
        _running.Add(replica);
        replica.Membership.Start();
        return replica;
    }

    /// <summary>Ends a replica without a word, as <c>kill -9</c> does.</summary>
    public async Task KillAsync(FakeReplica replica)
    {
        _running.Remove(replica);
        await replica.Membership.DisposeAsync();
    }

    /// <summary>Ends a replica as SIGTERM does.</summary>
    public async Task LeaveAsync(FakeReplica replica)
    {
        _running.Remove(replica);
        await replica.Membership.LeaveAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Lets time pass until every replica that runs sees the same.</summary>
    public Task SeenAsync(string states) => UntilAsync(() => _running.TrueForAll(replica => replica.Membership.IsCurrent && StatesOf(replica) == states));

    /// <summary>Lets time pass until something has happened.</summary>
    public Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <summary>The same, of a condition that has to be asked for.</summary>
    public Task UntilAsync(Func<Task<bool>> condition) => Soon.UntilAsync(async () =>
    {
        if (await condition())
            return true;
        Time.Advance(_running.Exists(HearsAQuietOne) ? SlowStep : Step);
        return false;
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _all)
        {
            await replica.Membership.DisposeAsync();
            await replica.Etcd.DisposeAsync();
        }
    }

    private bool HearsAQuietOne(FakeReplica replica) =>
        replica.Membership.Replicas.Any(other => other.LastSeen > QuietMax && _running.Exists(running => running.Id == other.Record.Id));

    private static string StatesOf(FakeReplica replica) =>
        string.Join(' ', replica.Membership.Replicas.Select(other => $"{other.Record.Id}={other.State}".ToLowerInvariant()));

    private void Report(MembershipEvent happened)
    {
        lock (_events)
            _events.Add(happened);
    }
}
