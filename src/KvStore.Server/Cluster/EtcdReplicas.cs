using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>The cluster of the engine <c>etcd</c>. All who ask within a second share what one of them has found out. Thread-safe.</summary>
internal sealed class EtcdReplicas(IEtcd etcd, Membership membership, Store store, TimeProvider time) : ICluster
{
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(1);

    // With AgeMax less than the 3 seconds within which all replicas agree.
    private static readonly TimeSpan AskMax = TimeSpan.FromSeconds(1.5);

    private readonly Lock _lock = new();
    private Task<ClusterStatus>? _asking;
    private long _askedAt;
    private volatile ClusterStatus? _latest;
    private IReadOnlyList<EtcdMemberReport> _members = [];
    private ulong? _clusterId;

    /// <summary>What was found out last, whenever that was; null if nothing was yet.</summary>
    public ClusterStatus? Latest => _latest;

    public ValueTask<ClusterStatus> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_asking is null || (_asking.IsCompleted && time.GetElapsedTime(_askedAt) >= AgeMax))
            {
                _askedAt = time.GetTimestamp();

                // For all who wait, so not with the token of one of them.
                _asking = Task.Run(AskAsync, CancellationToken.None);
            }

            return new ValueTask<ClusterStatus>(_asking.WaitAsync(cancellationToken));
        }
    }

    public async Task<Problem?> ForgetAsync(string id, CancellationToken cancellationToken)
    {
        using var timeout = Limit(cancellationToken);
        try
        {
            var replica = (await membership.ListAsync(timeout.Token).ConfigureAwait(false)).FirstOrDefault(replica => replica.Record.Id == id);
            return replica is null ? Problems.NoSuchReplica(id)
                : await membership.ForgetAsync(replica, timeout.Token).ConfigureAwait(false) ? null
                : Problems.ReplicaIsAlive(replica.Record.Name);
        }
        catch (Exception exception) when (IsEtcdAway(exception, cancellationToken))
        {
            return Problems.ClusterUnknown();
        }
    }

    private async Task<ClusterStatus> AskAsync()
    {
        using var timeout = Limit(CancellationToken.None);
        var listing = TryAsync(membership.ListAsync);
        var report = await TryAsync(etcd.ReportAsync).ConfigureAwait(false);
        var isKnown = await listing.ConfigureAwait(false) is not null;
        _members = report?.Members ?? [.. _members.Select(member => member with { Status = null })];
        _clusterId = report?.ClusterId ?? _clusterId;
        return _latest = StatusOf(membership.Replicas, isKnown, _members, report?.Alarms ?? []) with { EtcdClusterId = _clusterId };

        async Task<T?> TryAsync<T>(Func<CancellationToken, Task<T>> ask)
            where T : class
        {
            try
            {
                return await ask(timeout.Token).WaitAsync(timeout.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsEtcdAway(exception, CancellationToken.None))
            {
                return null;
            }
        }
    }

    private ClusterStatus StatusOf(Replica[] replicas, bool isKnown, IReadOnlyList<EtcdMemberReport> members, IReadOnlyList<string> alarms)
    {
        // A member that was cut off may still take another one for the leader, or itself.
        var leader = members.Select(member => member.Status).Where(status => status is not null).MaxBy(status => status!.RaftTerm)?.Leader ?? 0;
        return new ClusterStatus(
            store.Id, time.GetUtcNow(),
            [.. replicas.Select(replica => new ReplicaStatus(
                replica.Record.Id, replica.Record.Name, replica.Record.Url, isKnown ? NameOf(replica.State) : ReplicaStatus.Unknown,
                replica.Record.Revision, isKnown ? replica.Lag : null, replica.Record.Version, replica.LastSeen))],
            [.. members.Select(member => new EtcdMemberStatus(
                member.Name, member.ClientUrls, leader != 0 && member.Id == leader, member.Status is not null, member.Status?.DbSize, member.Status?.DbSizeInUse, member.Status?.Version))],
            alarms, QuorumStatus.Of(members.Count, members.Count(member => member.Status is { Leader: not 0 })));
    }

    private static CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AskMax);
        return limit;
    }

    private static bool IsEtcdAway(Exception exception, CancellationToken cancellationToken) =>
        exception is EtcdException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string NameOf(ReplicaState state) => state switch
    {
        ReplicaState.Ready => ReplicaStatus.Ready,
        ReplicaState.Draining => ReplicaStatus.Draining,
        ReplicaState.Failed => ReplicaStatus.Failed,
        _ => ReplicaStatus.Joining,
    };
}
