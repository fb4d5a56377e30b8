using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>What this replica says of itself: that it is ready whenever <c>/readyz</c> says so.</summary>
internal sealed class OwnState(Store store, Engine engine, KvStoreOptions options, IHostApplicationLifetime lifetime)
{
    public ReplicaState Current =>
        lifetime.ApplicationStopping.IsCancellationRequested ? ReplicaState.Draining
        : store.State == StoreState.Failed || engine.ClosedReason is not null ? ReplicaState.Failed
        : store.State == StoreState.Running && lifetime.ApplicationStarted.IsCancellationRequested && engine.NotReadyReason(options) is null ? ReplicaState.Ready
        : ReplicaState.Joining;
}
