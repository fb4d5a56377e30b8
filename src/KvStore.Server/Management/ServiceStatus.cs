using KvStore.Mergeable;
using KvStore.Storage;

namespace KvStore.Server;

/// <summary>What the service is doing at one moment. <see cref="StatusFields"/> says what it means, <c>/v1/status</c> and <c>/metrics</c> report it.</summary>
internal sealed record ServiceStatus(
    KvStoreOptions Options, StoreId? StoreId, StoreState State, long Revision, long OldestRevision, long Entries, long Bytes,
    int QueuedOperations, long QueuedBytes, int Watchers, MemoryBudget Memory, long HeapBytes, ConnectionStatus Connections, DiskLogStatus? Log,
    DateTimeOffset StartedAt, TimeSpan Uptime, TimeSpan HistoryAge, TimeSpan? CheckpointAge, ReadsStatus Reads, MergeableStatus Mergeable, CommitLogConnection? Etcd)
{
    /// <summary>For the OpenAPI document: a service with three entries and no checkpoint.</summary>
    public static ServiceStatus Example { get; } = new(
        new KvStoreOptions(), new StoreId(0x5f0c2a9e4b7d1836), StoreState.Running, 7, 0, 3, 512, 0, 0, 2,
        new MemoryBudget(new StoreOptions { MemoryBytesMax = 1 << 30 }), 9_437_184,
        new ConnectionStatus(ConnectionLimits.Of(new KvStoreOptions(), 1_048_576), 3, 0, 0),
        new DiskLogStatus(DiskLogPhase.Open, 96, 96, null, false, 1, 544, 7, DateTimeOffset.UnixEpoch.AddYears(56), 0, 0, null, false),
        DateTimeOffset.UnixEpoch.AddYears(56), TimeSpan.FromSeconds(42.195), TimeSpan.FromSeconds(40), null, new ReadsStatus(default, default, 0, 0, 0), new MergeableStatus(1, 2, 2, 0, 0, 0), null);
}

/// <summary>The connections of clients: their limits, how many are open, and how many were closed at once since the start.</summary>
internal sealed record ConnectionStatus(ConnectionLimits Limits, int Open, long Refused, long RefusedPerAddress);

/// <summary>Reads that keep an old state in memory, or have to make one.</summary>
internal sealed record ReadsStatus(GateStatus Expensive, GateStatus Exports, int RetainedSnapshots, int Leases, long LeasesRevoked);

/// <summary>Who has passed a gate, waits before it, and was rejected since the start.</summary>
internal readonly record struct GateStatus(int Running, int Waiting, long Rejected)
{
    public static GateStatus Of(ReadGate gate) => new(gate.Running, gate.Waiting, gate.Rejected);
}

/// <summary>Finds out what the service is doing. Thread-safe.</summary>
internal sealed class ServiceStatusReader(
    Store store, Engine engine, StreamedReads streams, KvStoreOptions options, TimeProvider time, ConnectionLimits limits, ConnectionGates gates, ServiceClock clock, MergeableValues values)
{
    public ServiceStatus Read()
    {
        var (latest, log, leases) = (store.Latest, engine.Disk?.Status, store.Leases);
        return new ServiceStatus(
            options, store.Id, store.State, latest.Revision, Math.Min(store.OldestRevision, latest.Revision), latest.Count, latest.Bytes,
            store.QueuedOperations, store.QueuedBytes, store.Watchers, store.Memory, GC.GetTotalMemory(forceFullCollection: false),
            new ConnectionStatus(limits, gates.Clients.Open, gates.Clients.Refused, gates.Clients.RefusedPerAddress), log, clock.StartedAt, clock.Uptime,
            store.HistoryAge, time.GetUtcNow() - log?.CheckpointAt,
            new ReadsStatus(GateStatus.Of(store.ExpensiveReads), GateStatus.Of(streams.Gate), store.RetainedSnapshots, leases.Count, leases.Revoked), values.Status, store.Connection);
    }
}
