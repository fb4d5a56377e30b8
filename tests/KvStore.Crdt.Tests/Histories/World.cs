namespace KvStore.Crdt.Tests;

/// <summary>
/// Replicas that change a value, and messages between them, which are lost, repeated and reordered. Replica 0 is the hub, which retires others.
/// One that is too old is created again from the hub's state, under a new id.
/// </summary>
/// <typeparam name="T">The type of replica.</typeparam>
internal abstract class World<T> where T : CrdtReplica
{
    private readonly List<byte[]> _messages = [];
    private readonly Dictionary<ReplicaId, VersionVector> _acknowledged = [];
    private readonly Dictionary<ReplicaId, ulong> _finals = [];
    private readonly bool _collects;
    private ulong _lastId;

    protected World(CrdtType type, int replicas, bool collects)
    {
        _collects = collects;
        Replicas = [(T)MergeableValue.Create(type, NextId())];
        Hub.IsHub = true;
        while (Replicas.Count < replicas)
            Replicas.Add(Join());
    }

    public List<T> Replicas { get; }

    protected T Hub => Replicas[0];

    /// <summary>Runs a history and then lets everyone exchange everything.</summary>
    public void Run(byte[] history)
    {
        foreach (var (kind, who, a, b) in Histories.Steps(history))
            Step(kind, who % Replicas.Count, a, b);
        Settle();
        AssertModel();
    }

    /// <summary>Whether the final value includes a change, named by its replica and sequence.</summary>
    protected bool IsIncluded(ReplicaId replica, ulong sequence) => sequence <= (_finals.TryGetValue(replica, out var final) ? final : Hub.Version[replica]);

    /// <summary>Asks a replica for a change; returns the change as a delta, or nothing.</summary>
    protected abstract byte[]? Change(T replica, byte a, byte b);

    /// <summary>What a reader sees.</summary>
    protected abstract object Read(T replica);

    protected abstract void AssertModel();

    protected virtual void AssertInvariants(T replica)
    {
    }

    private ReplicaId NextId() => new(++_lastId * 0x9E3779B97F4A7C15);

    private T Join() => Assert.IsType<T>(MergeableValue.TryLoad(Hub.Encode(), NextId()));

    private void Step(byte kind, int who, byte a, byte b)
    {
        switch (kind % 16)
        {
            case < 6:
                if (Change(Replicas[who], a, b) is { } change)
                    _messages.Add(change);
                AssertInvariants(Replicas[who]);
                break;
            case 6:
                _messages.Add(Replicas[who].Encode());
                break;
            case 7:
                if (Replicas[who].DeltaSince(Replicas[a % Replicas.Count].Version) is { } delta)
                    _messages.Add(delta);
                break;
            case < 12:
                if (_messages.Count > 0)
                    Deliver(who, _messages[((a << 8) | b) % _messages.Count]);
                break;
            case < 14:
                Exchange(who, a % Replicas.Count);
                break;
            default:
                if (_collects)
                    Collect(a % Replicas.Count, b);
                break;
        }
    }

    private void Deliver(int to, byte[] message)
    {
        var replica = Replicas[to];
        var (before, epoch, state) = (replica.Version, replica.Epoch, replica.Encode());
        var outcome = replica.Merge(message);
        if (outcome == MergeOutcome.Merged)
            Assert.True(replica.Epoch > epoch || replica.Version.Covers(before));
        else
            Assert.Equal(state, replica.Encode());
        Assert.True(outcome is MergeOutcome.Merged or MergeOutcome.Unchanged or MergeOutcome.Gap or MergeOutcome.Collected or MergeOutcome.Outdated, outcome.ToString());
        AssertInvariants(replica);
    }

    // Both directions, as a client and the hub do: what the other lacks, or the state.
    private void Exchange(int from, int to)
    {
        if (from == to)
            return;
        var outcome = Send(from, to);
        var back = Send(to, from);
        if (outcome is MergeOutcome.Collected or MergeOutcome.Outdated || back is MergeOutcome.Collected or MergeOutcome.Outdated)
        {
            if (from != 0 && to == 0)
                Replicas[from] = Join();
            if (to != 0 && from == 0)
                Replicas[to] = Join();
        }
        else if (to == 0 || from == 0)
        {
            _acknowledged[Replicas[from + to].Self] = Replicas[from + to].Version;
        }
    }

    private MergeOutcome Send(int from, int to)
    {
        var delta = Replicas[from].DeltaSince(Replicas[to].Version);
        var outcome = delta is null ? MergeOutcome.Collected : Replicas[to].Merge(delta);
        AssertInvariants(Replicas[to]);
        Assert.True(outcome is not (MergeOutcome.Malformed or MergeOutcome.Forked or MergeOutcome.OtherLineage or MergeOutcome.OtherType), outcome.ToString());
        return outcome;
    }

    // Everyone else is live. Now and then it retires a replica that comes back, with changes that the hub does not have.
    private void Collect(int silent, byte b)
    {
        var live = Replicas.Skip(1).Where((_, i) => silent == 0 || i + 1 != silent).Select(replica => replica.Self).ToArray();
        var stable = live.Aggregate(Hub.Version, (all, id) => all.Meet(_acknowledged.GetValueOrDefault(id, VersionVector.Empty)));
        var retired = Hub.Version.Entries.Select(entry => entry.Key).Except(live).Where(id => id != Hub.Self).ToArray();
        var before = Hub.Version;
        Hub.Collect(retired, stable, b % 4 == 0 ? Hub.Epoch : 0);
        foreach (var id in retired.Where(id => Hub.Version[id] == 0))
            _finals[id] = before[id];
        AssertInvariants(Hub);
    }

    private void Settle()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 1; i < Replicas.Count; i++)
                Exchange(i, 0);
        }

        Assert.All(Replicas, replica => Assert.Equal(Hub.Encode(), replica.Encode()));
        Assert.All(Replicas, replica => Assert.Equal(Read(Hub), Read(replica)));
        Assert.All(Replicas, replica => Assert.Equal(MergeOutcome.Unchanged, replica.Merge(Hub.Encode())));
        Assert.Equal(Hub.Encode(), Join().Encode());
    }
}
