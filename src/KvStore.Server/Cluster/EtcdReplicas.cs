using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>The cluster of the engine <c>etcd</c>. All who ask within a second share what etcd has answered to one of them. Thread-safe.</summary>
internal sealed class EtcdReplicas(IEtcd etcd, Membership membership, Store store, TimeProvider time) : ICluster
{
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(1);

    // With AgeMax less than the 3 seconds within which all replicas agree.
    private static readonly TimeSpan AskMax = TimeSpan.FromSeconds(1.25);

    private readonly Lock _lock = new();
    private Task<Asked>? _asking;
    private long _askedAt;
    private volatile Asked? _latest;

    /// <summary>The same with what etcd said last, whenever that was; null if it was not asked yet.</summary>
    public ClusterStatus? Latest => _latest is { } asked ? StatusOf(asked) : null;

    public async ValueTask<ClusterStatus> ReadAsync(CancellationToken cancellationToken)
    {
        Task<Asked> asking;
        lock (_lock)
        {
            if (_asking is null || (_asking.IsCompleted && time.GetElapsedTime(_askedAt) >= AgeMax))
            {
                _askedAt = time.GetTimestamp();

                // For all who wait, so not with the token of one of them.
                _asking = Task.Run(AskAsync, CancellationToken.None);
            }

            asking = _asking;
        }

        return StatusOf(await asking.WaitAsync(cancellationToken).ConfigureAwait(false));
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

    private async Task<Asked> AskAsync()
    {
        using var timeout = Limit(CancellationToken.None);
        var listing = TryAsync(membership.ListAsync);
        var report = await TryAsync(etcd.ReportAsync).ConfigureAwait(false);
        var isKnown = await listing.ConfigureAwait(false) is not null;
        IReadOnlyList<EtcdMemberReport> members = report?.Members ?? [.. (_latest?.Members ?? []).Select(member => member with { Status = null })];
        return _latest = new Asked(time.GetUtcNow(), isKnown, members, report?.Alarms ?? [], report?.ClusterId ?? _latest?.ClusterId);

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

    // With the replicas as they are now: the membership hears of them by itself.
    private ClusterStatus StatusOf(Asked asked)
    {
        // A member that was cut off may still take another one for the leader, or itself.
        var leader = asked.Members.Select(member => member.Status).Where(status => status is not null).MaxBy(status => status!.RaftTerm)?.Leader ?? 0;
        return new ClusterStatus(
            store.Id, asked.At,
            [.. membership.Replicas.Select(replica => new ReplicaStatus(
                replica.Record.Id, replica.Record.Name, replica.Record.Url, asked.IsKnown ? ReplicaStatus.NameOf(replica.State) : ReplicaStatus.Unknown,
                replica.Record.Revision, asked.IsKnown ? replica.Lag : null, replica.Record.Version, replica.LastSeen))],
            [.. asked.Members.Select(member => new EtcdMemberStatus(
                member.Name, member.ClientUrls, leader != 0 && member.Id == leader, member.Status is not null, member.Status?.DbSize, member.Status?.DbSizeInUse, member.Status?.Version))],
            asked.Alarms, QuorumStatus.Of(asked.Members.Count, asked.Members.Count(member => member.Status is { Leader: not 0 })))
        {
            EtcdClusterId = asked.ClusterId,
        };
    }

    private static CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AskMax);
        return limit;
    }

    private static bool IsEtcdAway(Exception exception, CancellationToken cancellationToken) =>
        exception is EtcdException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>What etcd has answered, and when; if it has not, that is not known.</summary>
    private sealed record Asked(DateTimeOffset At, bool IsKnown, IReadOnlyList<EtcdMemberReport> Members, IReadOnlyList<string> Alarms, ulong? ClusterId);
}
