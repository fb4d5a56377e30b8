namespace KvStore.Server;

/// <summary>The cluster of an engine whose store has one replica: this one.</summary>
internal sealed class SingleReplica(Store store, ReplicaIdentity identity, OwnState own, TimeProvider time) : ICluster
{
    public ValueTask<ClusterStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var replica = new ReplicaStatus(identity.Id, identity.Name, identity.Url, ReplicaStatus.NameOf(own.Current), store.Latest.Revision, 0, ServiceVersion.Text, TimeSpan.Zero);
        return ValueTask.FromResult(new ClusterStatus(store.Id, time.GetUtcNow(), [replica], [], [], QuorumStatus.Of(members: 1, healthy: 1)));
    }

    public Task<Problem?> ForgetAsync(string id, CancellationToken cancellationToken) =>
        Task.FromResult<Problem?>(id == identity.Id ? Problems.ReplicaIsAlive(identity.Name) : Problems.NoSuchReplica(id));
}
