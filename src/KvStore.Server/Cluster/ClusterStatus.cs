using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>The replicas of the store and the etcd cluster behind them, as one of the replicas sees them. Immutable.</summary>
/// <param name="StoreId">The store; null until it is loaded.</param>
/// <param name="AsOf">When this was found out.</param>
/// <param name="Replicas">The replicas, by their ids.</param>
/// <param name="Members">The members of etcd; none with other engines.</param>
/// <param name="Alarms">Alarms that etcd has raised, such as <c>NOSPACE</c>.</param>
/// <param name="Quorum">How many members must answer, and do.</param>
internal sealed record ClusterStatus(
    StoreId? StoreId, DateTimeOffset AsOf, IReadOnlyList<ReplicaStatus> Replicas, IReadOnlyList<EtcdMemberStatus> Members, IReadOnlyList<string> Alarms, QuorumStatus Quorum)
{
    /// <summary>The id of the etcd cluster; null with other engines, and until etcd has answered.</summary>
    public ulong? EtcdClusterId { get; init; }

    /// <summary>For the OpenAPI document: two replicas on three members.</summary>
    public static ClusterStatus Example { get; } = new(
        new StoreId(0x5f0c2a9e4b7d1836), DateTimeOffset.UnixEpoch.AddYears(56),
        [
            new("1f0e3dad99908345", "kv-0:8080", "http://kv-0:8080", ReplicaStatus.Ready, 7, 0, "1.0.0", TimeSpan.FromSeconds(1.5)),
            new("b3c9a0d24f5e6178", "kv-1:8080", "http://kv-1:8080", ReplicaStatus.Ready, 7, 0, "1.0.0", TimeSpan.FromSeconds(3.25)),
        ],
        [
            new("etcd-0", ["http://etcd-0:2379"], IsLeader: true, IsReachable: true, 1_064_960, 524_288, "3.5.28"),
            new("etcd-1", ["http://etcd-1:2379"], IsLeader: false, IsReachable: true, 1_064_960, 524_288, "3.5.28"),
            new("etcd-2", ["http://etcd-2:2379"], IsLeader: false, IsReachable: true, 1_064_960, 524_288, "3.5.28"),
        ],
        [], QuorumStatus.Of(members: 3, healthy: 3));
}

/// <summary>A replica.</summary>
/// <param name="Id">Names its process.</param>
/// <param name="Name">What operators call it.</param>
/// <param name="Url">Where it is reached.</param>
/// <param name="State">What it does, in a word.</param>
/// <param name="Revision">The revision of its latest snapshot when it last said so.</param>
/// <param name="Lag">How many revisions it was behind the asked replica then; null if that is not known now.</param>
/// <param name="Version">The version of its program.</param>
/// <param name="LastSeen">How long ago it last said something.</param>
internal sealed record ReplicaStatus(string Id, string Name, string Url, string State, long Revision, long? Lag, string Version, TimeSpan LastSeen)
{
    public const string Joining = "joining";
    public const string Ready = "ready";
    public const string Draining = "draining";
    public const string Failed = "failed";
    public const string Unknown = "unknown";

    public static string NameOf(ReplicaState state) => state switch
    {
        ReplicaState.Ready => Ready,
        ReplicaState.Draining => Draining,
        ReplicaState.Failed => Failed,
        _ => Joining,
    };
}

/// <summary>A member of etcd; what is null it has not reported now.</summary>
internal sealed record EtcdMemberStatus(string Name, IReadOnlyList<string> Urls, bool IsLeader, bool IsReachable, long? Size, long? SizeInUse, string? Version);

/// <summary>How many members have to agree on a write.</summary>
/// <param name="Healthy">Members that answer and know a leader.</param>
/// <param name="Needed">How many are needed.</param>
/// <param name="Tolerates">How many more may fail.</param>
internal readonly record struct QuorumStatus(int Healthy, int Needed, int Tolerates)
{
    public static QuorumStatus Of(int members, int healthy)
    {
        var needed = (members / 2) + 1;
        return new(healthy, needed, Math.Max(0, healthy - needed));
    }
}
