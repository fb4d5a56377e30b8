using System.Diagnostics.Metrics;
using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>The instruments of the engine <c>etcd</c>: replicas by state, and what the members of etcd report. They show what <see cref="ClusterService"/> has found out.</summary>
internal sealed class ClusterInstruments
{
    private static readonly string[] States = [ReplicaStatus.Joining, ReplicaStatus.Ready, ReplicaStatus.Draining, ReplicaStatus.Failed, ReplicaStatus.Unknown];

    public ClusterInstruments(IMeterFactory meters, EtcdReplicas replicas, Membership membership, Store store)
    {
        var meter = meters.Create(StoreMetrics.MeterName);
        meter.CreateObservableGauge("kvstore.cluster.replicas", () => Of(status => States.Select(state =>
            new Measurement<int>(status.Replicas.Count(replica => replica.State == state), Label("state", state)))), null, "Replicas, by their state.");
        meter.CreateObservableGauge("kvstore.cluster.lag", () => membership.Replicas.Select(replica => replica.Record.Revision).Append(0).Max() is var furthest && furthest > store.Latest.Revision
            ? furthest - store.Latest.Revision : 0, null, "Revisions that this replica is behind the furthest one that another has announced.");
        meter.CreateObservableGauge("kvstore.etcd.members", () => Of(status => (Measurement<int>[])
        [
            new(status.Members.Count(member => member.IsReachable), Label("reachable", "true")), new(status.Members.Count(member => !member.IsReachable), Label("reachable", "false")),
        ]), null, "Members of etcd, by whether they have answered.");
        meter.CreateObservableGauge("kvstore.etcd.has_leader", () => Of(status => (Measurement<int>[])[new(status.Members.Any(member => member.IsLeader) ? 1 : 0)]), null, "Whether etcd has a leader.");
        meter.CreateObservableGauge("kvstore.etcd.database.size", () => Of(status => status.Members.Where(member => member.Size is not null)
            .Select(member => new Measurement<long>(member.Size!.Value, Label("member", member.Name)))), "By", "Bytes of the database of a member of etcd.");
        meter.CreateObservableGauge("kvstore.etcd.database.size_in_use", () => Of(status => status.Members.Where(member => member.SizeInUse is not null)
            .Select(member => new Measurement<long>(member.SizeInUse!.Value, Label("member", member.Name)))), "By", "Bytes of those that are in use.");
        meter.CreateObservableGauge("kvstore.etcd.alarms", () => Of(status => status.Alarms.Select(alarm => new Measurement<int>(1, Label("alarm", alarm)))), null, "Alarms that etcd has raised; always 1.");

        IEnumerable<Measurement<T>> Of<T>(Func<ClusterStatus, IEnumerable<Measurement<T>>> measure)
            where T : struct => replicas.Latest is { } status ? measure(status) : [];
    }

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}
