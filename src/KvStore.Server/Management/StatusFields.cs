using KvStore.Storage;
using static KvStore.Server.StatusField;

namespace KvStore.Server;

/// <summary>Every field of <c>/v1/status</c> and every metric of the store: its name, what it means, and where its value comes from.</summary>
internal static class StatusFields
{
    // A metric that is no member, because the status has its state as text.
    private const string None = "";

    private static readonly StatusField[] Checkpoint =
    [
        Integer("revision", "kvstore.checkpoint.revision", "The revision of the newest checkpoint; 0 if there is none.", status => status.Log!.CheckpointRevision),
        Integer("bytes", "kvstore.checkpoint.bytes", "Bytes of the newest checkpoint.", status => status.Log!.CheckpointBytes),
        Time("written_at", "When this process wrote it; absent if another one did.", status => status.Log!.CheckpointAt).Optional(),
        Seconds("age_seconds", "kvstore.checkpoint.age", "Seconds since then; absent if another process wrote it.", status => status.CheckpointAge).Optional(),
        Flag("running", "kvstore.checkpoint.running", "Whether a checkpoint is being written.", status => status.Log!.CheckpointRuns),
    ];

    private static readonly StatusField[] Log =
    [
        Text("state", "`loading`, `open`, or `closed`: a closed log takes no writes.", status => NameOf(status.Log!.Phase)),
        Flag(None, "kvstore.log.open", "Whether the log on disk takes writes.", status => status.Log!.Phase == DiskLogPhase.Open),
        Text("closed_reason", "Why the log takes no writes, and what to do; absent if nothing failed.", status => status.Log!.ClosedReason).Optional(),
        Flag("has_no_space", "kvstore.log.has_no_space", "Whether the last write was rejected because the disk is full.", status => status.Log!.HasNoSpace),
        Integer("loaded_bytes", null, "Bytes that the start has read so far.", status => status.Log!.LoadedBytes),
        Integer("load_bytes", null, "Bytes that the start has to read.", status => status.Log!.LoadBytes),
        Text("flush_mode", "`always` or `interval`.", status => status.Options.Log.FlushMode == FlushMode.Always ? "always" : "interval"),
        Integer("flushed_revision", "kvstore.log.flushed_revision", "The last revision that is known to be on the disk.", status => status.Log!.FlushedRevision),
        Time("flushed_at", "When the last flush ended; absent while loading.", status => status.Log!.FlushedAt).Optional(),
        Integer("segments", "kvstore.log.segments", "Segments of the log.", status => status.Log!.Segments),
        Integer("bytes", "kvstore.log.bytes", "Bytes of all segments, without the checkpoint.", status => status.Log!.LogBytes),
        Object("checkpoint", "CheckpointStatus", "The newest checkpoint.", status => status, Checkpoint),
    ];

    private static readonly StatusField[] Etcd =
    [
        Flag("reachable", "kvstore.etcd.reachable", "Whether etcd answers.", status => status.Etcd!.Value.UnreachableSince is null),
        Time("unreachable_since", "Since when it does not; absent while it does.", status => status.Etcd!.Value.UnreachableSince).Optional(),
        Seconds("state_age_seconds", "kvstore.log.state_age", "How old the state of this replica may be: seconds since it was last known to have every write.", status => status.Etcd!.Value.StateAge),
        Text("not_ready_reason", "Why this replica should get no requests although etcd answers; absent if it may.", status => status.Etcd!.Value.NotReadyReason).Optional(),
    ];

    private static readonly StatusField[] Queue =
    [
        Integer("operations", "kvstore.queue.operations", "Writes that wait to be committed.", status => status.QueuedOperations),
        Integer("operations_max", "kvstore.queue.operations_max", "Writes that may wait; one more gets 429.", status => status.Options.Store.QueueOperationsMax),
        Integer("bytes", "kvstore.queue.bytes", "Bytes of keys and values that wait or are being committed.", status => status.QueuedBytes),
        Integer("bytes_max", "kvstore.queue.bytes_max", "Bytes that may wait; a write that exceeds them gets 429.", status => status.Options.Store.QueueBytesMax),
    ];

    private static readonly StatusField[] Reads =
    [
        Integer("expensive_running", "kvstore.reads.expensive_running", "Old revisions that are being made from the history.", status => status.Reads.Expensive.Running),
        Integer("expensive_waiting", "kvstore.reads.expensive_waiting", "Reads that wait until they may make one.", status => status.Reads.Expensive.Waiting),
        Total("expensive_rejected", "kvstore.reads.expensive_rejected", "Such reads that got 503 since the start.", status => status.Reads.Expensive.Rejected),
        Integer("exports_running", "kvstore.reads.exports_running", "Exports, and watches that are being sent their initial state.", status => status.Reads.Exports.Running),
        Integer("exports_waiting", "kvstore.reads.exports_waiting", "Exports and watches that wait until they may begin.", status => status.Reads.Exports.Waiting),
        Total("exports_rejected", "kvstore.reads.exports_rejected", "Exports and watches that got 503 since the start.", status => status.Reads.Exports.Rejected),
        Integer("retained_snapshots", "kvstore.reads.retained_snapshots", "Snapshots that are retained for cursors.", status => status.Reads.RetainedSnapshots),
        Integer("leases", "kvstore.reads.leases", "Snapshots that are being sent.", status => status.Reads.Leases),
        Total("leases_revoked", "kvstore.reads.leases_revoked", "Exports and watches that were cut off since the start, because they took too long or kept too much in memory.", status => status.Reads.LeasesRevoked),
    ];

    private static readonly StatusField[] Mergeable =
    [
        Integer("decoded", "kvstore.crdt.decoded", "Mergeable values that are kept decoded.", status => status.Mergeable.Decoded),
        Total("merges", "kvstore.crdt.merges", "Changes and acknowledgements since the start.", status => status.Mergeable.Merges),
        Total("commits", "kvstore.crdt.commits", "Commits that these made, of one or more each.", status => status.Mergeable.Commits),
        Total("rewrites", "kvstore.crdt.rewrites", "Commits among them that wrote the whole value instead of a delta.", status => status.Mergeable.Rewrites),
        Total("collections", "kvstore.crdt.collections", "Collections of garbage since the start.", status => status.Mergeable.Collections),
        Total("retired_replicas", "kvstore.crdt.retired_replicas", "Replicas that these removed.", status => status.Mergeable.RetiredReplicas),
    ];

    private static readonly StatusField[] Connections =
    [
        Integer("open", "kvstore.connections.open", "Connections that are open, without those to the operators' listener.", status => status.Connections.Open),
        Integer("max", "kvstore.connections.max", "Connections that may be open: `ConnectionsMax`, or fewer if the limit of open files leaves fewer.", status => status.Connections.Limits.ConnectionsMax),
        Integer("per_address_max", "kvstore.connections.per_address_max", "Connections that one address may have open.", status => status.Connections.Limits.PerAddressMax),
        Total("refused", "kvstore.connections.refused", "Connections that were closed at once since the start because `max` were open.", status => status.Connections.Refused),
        Total("refused_per_address", "kvstore.connections.refused_per_address", "The same because their address had `per_address_max` open.", status => status.Connections.RefusedPerAddress),
        Integer("descriptors_max", "kvstore.descriptors.max", "The limit of open files that is in force; 0 if there is none.", status => status.Connections.Limits.Descriptors ?? 0),
    ];

    private static readonly StatusField[] Memory =
    [
        Integer("bytes_max", null, "Bytes that all accounts may have together.", status => status.Memory.BytesMax),
        Integer("heap_bytes", "kvstore.memory.heap_bytes", "Bytes of the heap, with garbage that is not collected yet.", status => status.HeapBytes),
        Object("accounts", "MemoryAccounts", "Each kind of holder, with a bound of its own.", status => status, [.. ServiceStatus.Example.Memory.All.Select((account, index) => Account(account.Name, index))]),
    ];

    private static readonly StatusField[] Limits =
    [
        Integer("key_bytes_max", null, "Bytes of a key.", status => status.Options.KeyBytesMax),
        Integer("value_bytes_max", null, "Bytes of a value.", status => status.Options.ValueBytesMax),
        Integer("page_entries_default", null, "Entries on a page of a listing without `limit`.", status => status.Options.PageEntriesDefault),
        Integer("page_entries_max", null, "Entries on a page of a listing.", status => status.Options.PageEntriesMax),
        Integer("connections_max", null, "Open connections.", status => status.Connections.Limits.ConnectionsMax),
        Integer("watchers_max", "kvstore.watchers_max", "Clients that may watch or wait for a change; one more gets 429.", status => status.Options.Store.WatchersMax),
        Integer("history_commits_max", null, "Commits in the history.", status => status.Options.Store.HistoryCommitsMax),
        Integer("history_bytes_max", null, "Bytes that only the history retains.", status => status.Options.Store.HistoryBytesMax),
        Number("history_age_max_seconds", "How long the history retains a commit.", status => status.Options.Store.HistoryAgeMax.TotalSeconds),
        Integer("kept_snapshots_max", null, "Snapshots that are retained for listings with a cursor.", status => status.Options.Store.KeptSnapshotsMax),
        Number("kept_snapshot_age_max_seconds", "How long a snapshot is retained after its last use.", status => status.Options.Store.KeptSnapshotAgeMax.TotalSeconds),
    ];

    /// <summary>All of them, in the order in which they are answered.</summary>
    public static readonly IReadOnlyList<StatusField> All =
    [
        Text("version", "The version of the service.", _ => ServiceVersion.Text),
        Text("engine", "What keeps the entries: `disk`, `memory` or `etcd`.", status => status.Options.Engine),
        Text("store_id", "Which store the revisions belong to; absent until it is loaded.", status => status.StoreId?.ToString()).Optional(),
        Text("state", "`created`, `loading`, `running`, `stopping`, `stopped` or `failed`.", status => NameOf(status.State)),
        Flag(None, "kvstore.running", "Whether reads and writes are admitted.", status => status.State == StoreState.Running),
        Integer("revision", "kvstore.revision", "The revision of the last commit.", status => status.Revision),
        Integer("oldest_revision", "kvstore.oldest_revision", "The oldest revision that can be read.", status => status.OldestRevision),
        Seconds("history_age_seconds", "kvstore.history.age", "Seconds since the oldest commit that the history retains.", status => status.HistoryAge),
        Integer("keys", "kvstore.keys", "Entries.", status => status.Entries),
        Integer("bytes", "kvstore.bytes", "Bytes of all keys and values.", status => status.Bytes),
        Object("queue", "QueueStatus", "Writes that wait to be committed.", status => status, Queue),
        Integer("watchers", "kvstore.watchers", "Clients that watch or wait for a change.", status => status.Watchers),
        Object("reads", "ReadsStatus", "Reads that keep an old state in memory, or have to make one.", status => status, Reads),
        Object("mergeable", "MergeableStatus", "Mergeable values.", status => status, Mergeable),
        Object("memory", "MemoryStatus", "What everything that can grow holds on the heap, and may hold.", status => status, Memory),
        Object("connections", "ConnectionsStatus", "The connections of clients.", status => status, Connections),
        Object("log", "LogStatus", "The log on disk; absent with other engines than `disk`.", status => status.Log is null ? null : status, Log).Optional(),
        Object("etcd", "EtcdStatus", "The connection to etcd; absent with other engines than `etcd`.", status => status.Etcd is null ? null : status, Etcd).Optional(),
        Number("uptime_seconds", "Seconds since the start.", status => Math.Round(status.Uptime.TotalSeconds, 3)),
        Time("started_at", "When the service started.", status => status.StartedAt),
        Object("limits", "LimitsStatus", "What the service accepts and retains at most.", status => status, Limits),
    ];

    private static StatusField Account(string name, int index) => Object(name, "MemoryAccount", "What one kind of holder has of the heap.", status => status,
        Integer("bytes", null, "Bytes that are charged now.", status => status.Memory.All[index].Bytes),
        Integer("bytes_max", null, "Bytes that may be charged.", status => status.Memory.All[index].BytesMax),
        Integer("peak_bytes", null, "The most that was charged since the start.", status => status.Memory.All[index].PeakBytes),
        Integer("refusals", null, "How often something did not fit.", status => status.Memory.All[index].Refusals));

    private static string NameOf(StoreState state) => state switch
    {
        StoreState.Created => "created",
        StoreState.Loading => "loading",
        StoreState.Running => "running",
        StoreState.Stopping => "stopping",
        StoreState.Stopped => "stopped",
        _ => "failed",
    };

    private static string NameOf(DiskLogPhase phase) => phase switch
    {
        DiskLogPhase.Created or DiskLogPhase.Loading => "loading",
        DiskLogPhase.Open => "open",
        _ => "closed",
    };
}
