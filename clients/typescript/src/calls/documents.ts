// Made from the OpenAPI document of the service by test/types/documents.mjs. A test compares the two.

/** The newest checkpoint. */
export interface Checkpoint {
    /** The revision whose entries it contains. */
    readonly revision: number;
    /** How many entries it contains. */
    readonly entries: number;
    /** Bytes of the file. */
    readonly bytes: number;
    /** The file's name in the data directory. */
    readonly file: string;
    /** How long this request took. */
    readonly duration_seconds: number;
}

/** The newest checkpoint. */
export interface CheckpointStatus {
    /** The revision of the newest checkpoint; 0 if there is none. */
    readonly revision: number;
    /** Bytes of the newest checkpoint. */
    readonly bytes: number;
    /** When this process wrote it; absent if another one did. */
    readonly written_at?: string;
    /** Seconds since then; absent if another process wrote it. */
    readonly age_seconds?: number;
    /** Whether a checkpoint is being written. */
    readonly running: boolean;
}

/** The replicas of the store. */
export interface ClusterAnswer {
    /** The store; absent until it is loaded. */
    readonly store_id?: string;
    /** When etcd was asked last. */
    readonly as_of: string;
    /** The replicas, by their ids. Engines other than `etcd` have one. */
    readonly replicas: readonly Replica[];
    /** The members of etcd; none with other engines. */
    readonly etcd: readonly EtcdMember[];
    /** Alarms that etcd has raised, such as `NOSPACE`. */
    readonly alarms: readonly string[];
    /** How many members of etcd have to agree on a write. */
    readonly quorum: Quorum;
}

/** The connections of clients. */
export interface ConnectionsStatus {
    /** Connections that are open, without those to the operators' listener. */
    readonly open: number;
    /** Connections that may be open: `ConnectionsMax`, or fewer if the limit of open files leaves fewer. */
    readonly max: number;
    /** Connections that one address may have open. */
    readonly per_address_max: number;
    /** Connections that were closed at once since the start because `max` were open. */
    readonly refused: number;
    /** The same because their address had `per_address_max` open. */
    readonly refused_per_address: number;
    /** The limit of open files that is in force; 0 if there is none. */
    readonly descriptors_max: number;
}

/** A member of the etcd cluster. */
export interface EtcdMember {
    /** Its name. */
    readonly name: string;
    /** Where it serves clients. */
    readonly urls: readonly string[];
    /** Whether it has answered this replica. */
    readonly reachable: boolean;
    /** Whether it is the leader. */
    readonly leader: boolean;
    /** Bytes of its database; null if it has not answered. */
    readonly size: null | number;
    /** Bytes of those that are in use; null if it has not answered. */
    readonly size_in_use: null | number;
    /** Its version; null if it has not answered. */
    readonly version: null | string;
}

/** The connection to etcd; absent with other engines than `etcd`. */
export interface EtcdStatus {
    /** Whether etcd answers. */
    readonly reachable: boolean;
    /** Since when it does not; absent while it does. */
    readonly unreachable_since?: string;
    /** How old the state of this replica may be: seconds since it was last known to have every write. */
    readonly state_age_seconds: number;
    /** Why this replica should get no requests although etcd answers; absent if it may. */
    readonly not_ready_reason?: string;
}

/** Where the store is, and what must be the same on all replicas. */
export interface JoinAnswer {
    /** `disk`, `memory` or `etcd`. Only a replica of the engine `etcd` can be joined. */
    readonly engine: string;
    /** The store; absent until it is loaded. */
    readonly store_id?: string;
    /** The id of the etcd cluster; absent with other engines, and until etcd has answered. */
    readonly etcd_cluster_id?: string;
    /** The endpoints of etcd; none with other engines. */
    readonly etcd: readonly string[];
    /** What the keys of the store in etcd begin with. */
    readonly etcd_prefix: string;
    /** The certificates of the authorities of etcd, in PEM; absent if they are those of the system. */
    readonly etcd_ca?: string;
    /** The settings that must be the same on all replicas. */
    readonly settings: readonly SharedSetting[];
}

/** What the service accepts and retains at most. */
export interface LimitsStatus {
    /** Bytes of a key. */
    readonly key_bytes_max: number;
    /** Bytes of a value. */
    readonly value_bytes_max: number;
    /** Entries on a page of a listing without `limit`. */
    readonly page_entries_default: number;
    /** Entries on a page of a listing. */
    readonly page_entries_max: number;
    /** Open connections. */
    readonly connections_max: number;
    /** Clients that may watch or wait for a change; one more gets 429. */
    readonly watchers_max: number;
    /** Commits in the history. */
    readonly history_commits_max: number;
    /** Bytes that only the history retains. */
    readonly history_bytes_max: number;
    /** How long the history retains a commit. */
    readonly history_age_max_seconds: number;
    /** Snapshots that are retained for listings with a cursor. */
    readonly kept_snapshots_max: number;
    /** How long a snapshot is retained after its last use. */
    readonly kept_snapshot_age_max_seconds: number;
}

/** What became of the keys. */
export interface LoadsBegun {
    /** Keys whose load has begun, or was in progress. */
    readonly loading: number;
    /** Keys that are not loaded now, because too many wait or the origin is not called. */
    readonly refused: number;
}

/** The log on disk; absent with other engines than `disk`. */
export interface LogStatus {
    /** `loading`, `open`, or `closed`: a closed log takes no writes. */
    readonly state: string;
    /** Why the log takes no writes, and what to do; absent if nothing failed. */
    readonly closed_reason?: string;
    /** Whether the last write was rejected because the disk is full. */
    readonly has_no_space: boolean;
    /** Bytes that the start has read so far. */
    readonly loaded_bytes: number;
    /** Bytes that the start has to read. */
    readonly load_bytes: number;
    /** `always` or `interval`. */
    readonly flush_mode: string;
    /** The last revision that is known to be on the disk. */
    readonly flushed_revision: number;
    /** When the last flush ended; absent while loading. */
    readonly flushed_at?: string;
    /** Segments of the log. */
    readonly segments: number;
    /** Bytes of all segments, without the checkpoint. */
    readonly bytes: number;
    /** The newest checkpoint. */
    readonly checkpoint: CheckpointStatus;
}

/** What one kind of holder has of the heap. */
export interface MemoryAccount {
    /** Bytes that are charged now. */
    readonly bytes: number;
    /** Bytes that may be charged. */
    readonly bytes_max: number;
    /** The most that was charged since the start. */
    readonly peak_bytes: number;
    /** How often something did not fit. */
    readonly refusals: number;
}

/** Each kind of holder, with a bound of its own. */
export interface MemoryAccounts {
    /** What one kind of holder has of the heap. */
    readonly entries: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly history: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly snapshots: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly queue: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly bodies: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly answers: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly watches: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly idempotency: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly transfers: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly connections: MemoryAccount;
    /** What one kind of holder has of the heap. */
    readonly crdt: MemoryAccount;
}

/** What everything that can grow holds on the heap, and may hold. */
export interface MemoryStatus {
    /** Bytes that all accounts may have together. */
    readonly bytes_max: number;
    /** Bytes of the heap, with garbage that is not collected yet. */
    readonly heap_bytes: number;
    /** Each kind of holder, with a bound of its own. */
    readonly accounts: MemoryAccounts;
}

/** Mergeable values. */
export interface MergeableStatus {
    /** Mergeable values that are kept decoded. */
    readonly decoded: number;
    /** Changes and acknowledgements since the start. */
    readonly merges: number;
    /** Commits that these made, of one or more each. */
    readonly commits: number;
    /** Commits among them that wrote the whole value instead of a delta. */
    readonly rewrites: number;
    /** Collections of garbage since the start. */
    readonly collections: number;
    /** Replicas that these removed. */
    readonly retired_replicas: number;
}

/** An origin, as this replica sees it. */
export interface Origin {
    /** Its name. */
    readonly name: string;
    /** What its keys start with. */
    readonly prefix: string;
    /** What writes of clients do: `refuse`, `local`, `through` or `behind`. */
    readonly writes: string;
    /** Keys that something is known of: values, and absences that are remembered. */
    readonly known_keys: number;
    /** Workers, each of which makes one call at a time. */
    readonly workers: OriginWorkers;
    /** Tokens, one of which each call takes. */
    readonly tokens: OriginTokens;
    /** `closed`, or `open` while the origin is not called because it has failed. */
    readonly breaker: string;
    /** Loads that wait for a worker. */
    readonly queued: number;
    /** Loads in progress, the queued ones included. */
    readonly loading: number;
    /** Requests that wait for loads. */
    readonly waiters: number;
    /** Reads of single keys by this replica since it started, by how they were answered. */
    readonly requests: OriginRequests;
    /** The part of them that needed no load; null before the first. */
    readonly hit_ratio: null | number;
    /** Loads by this replica since it started. */
    readonly loads: OriginLoads;
    /** Calls that this replica has logged since it started; absent without `Journal`. */
    readonly journal?: OriginJournal;
    /** Notifications of the database; absent without `Sql:NotifyChannel`. */
    readonly notifications?: OriginNotifications;
    /** Writes that the origin has yet to get; absent unless `writes` is `behind`. */
    readonly outbox?: OriginOutbox;
}

/** Calls of the origin that this replica has logged since it started. */
export interface OriginJournal {
    /** Calls that were written. */
    readonly written: number;
    /** Calls that were not: too many came at a time, or the files could not be written. */
    readonly dropped: number;
}

/** Loads by this replica since it started. */
export interface OriginLoads {
    /** Calls of the origin. */
    readonly calls: number;
    /** Those that repeated a failed one. */
    readonly repeated_calls: number;
    /** Loads that found a value. */
    readonly found: number;
    /** Loads that found the value unchanged. */
    readonly not_modified: number;
    /** Loads that found nothing. */
    readonly absent: number;
    /** Loads that failed. */
    readonly failed: number;
    /** Requests that waited for a load of another. */
    readonly collapsed: number;
}

/** Notifications of a database. */
export interface OriginNotifications {
    /** `Sql:NotifyChannel`. */
    readonly channel: string;
    /** Whether this replica listens to it. */
    readonly connected: boolean;
    /** Connections since the start. After each, everything is invalid once. */
    readonly connections: number;
    /** Notifications since the start. */
    readonly received: number;
}

/** Writes that the origin has yet to get. */
export interface OriginOutbox {
    /** Keys that wait for their delivery. */
    readonly pending: number;
    /** Keys that are not delivered any more. */
    readonly parked: number;
    /** `Outbox:EntriesMax`. */
    readonly entries_max: number;
    /** How long the oldest has waited that is not parked. */
    readonly age_seconds: number;
    /** Deliveries by this replica since it started that the origin accepted. */
    readonly delivered: number;
    /** Those that failed. */
    readonly failed: number;
}

/** Reads of single keys by this replica since it started, by how they were answered. */
export interface OriginRequests {
    /** From what was stored, and fresh. */
    readonly hit: number;
    /** From what was stored, and stale. */
    readonly stale: number;
    /** After a load. */
    readonly loaded: number;
    /** With an error, because the load failed. */
    readonly failed: number;
}

/** Tokens, one of which each call takes. */
export interface OriginTokens {
    /** How many calls can be made at once. */
    readonly now: number;
    /** `Tokens:PerSecond`; 0 for no limit. */
    readonly per_second: number;
    /** `Tokens:Burst`. */
    readonly burst: number;
    /** For how long no call is made, because the origin asked for fewer. */
    readonly paused_seconds: number;
}

/** Workers, each of which makes one call at a time. */
export interface OriginWorkers {
    /** How many there are. */
    readonly now: number;
    /** How many make a call. */
    readonly busy: number;
    /** `Workers:Min`. */
    readonly min: number;
    /** `Workers:Max`. */
    readonly max: number;
}

/** The origins. */
export interface Origins {
    /** The origins, by name. */
    readonly origins: readonly Origin[];
}

/** What was given up. */
export interface OutboxDropped {
    /** How many keys. */
    readonly dropped: number;
    /** How many keys the store could not change, because it is full or busy; ask again. */
    readonly failed: number;
}

/** A key whose last write the origin has yet to get. */
export interface OutboxItem {
    /** The key. */
    readonly key: string;
    /** The revision of its last write, or of what parked it or had it delivered again. */
    readonly revision: number;
    /** `pending`, or `parked`: it is not delivered until it is written again, or someone asks for it. */
    readonly state: string;
    /** Since when the origin has not had what the key is (RFC 3339). */
    readonly since: string;
    /** Why it is parked; absent if it is not. */
    readonly reason?: string;
}

/** Keys whose last write the origin has yet to get. */
export interface OutboxPage {
    /** The keys, in their order. */
    readonly items: readonly OutboxItem[];
    /** Where the next page starts; absent on the last page. */
    readonly cursor?: string;
}

/** What is delivered again. */
export interface OutboxRetried {
    /** How many keys. */
    readonly retried: number;
    /** How many keys the store could not change, because it is full or busy; ask again. */
    readonly failed: number;
}

/** Writes that wait to be committed. */
export interface QueueStatus {
    /** Writes that wait to be committed. */
    readonly operations: number;
    /** Writes that may wait; one more gets 429. */
    readonly operations_max: number;
    /** Bytes of keys and values that wait or are being committed. */
    readonly bytes: number;
    /** Bytes that may wait; a write that exceeds them gets 429. */
    readonly bytes_max: number;
}

/** How many members of etcd have to agree on a write. */
export interface Quorum {
    /** Members that answer and know a leader. */
    readonly healthy: number;
    /** How many are needed. */
    readonly needed: number;
    /** How many more may fail. */
    readonly tolerates: number;
}

/** Reads that keep an old state in memory, or have to make one. */
export interface ReadsStatus {
    /** Old revisions that are being made from the history. */
    readonly expensive_running: number;
    /** Reads that wait until they may make one. */
    readonly expensive_waiting: number;
    /** Such reads that got 503 since the start. */
    readonly expensive_rejected: number;
    /** Exports, and watches that are being sent their initial state. */
    readonly exports_running: number;
    /** Exports and watches that wait until they may begin. */
    readonly exports_waiting: number;
    /** Exports and watches that got 503 since the start. */
    readonly exports_rejected: number;
    /** Snapshots that are retained for cursors. */
    readonly retained_snapshots: number;
    /** Snapshots that are being sent. */
    readonly leases: number;
    /** Exports and watches that were cut off since the start, because they took too long or kept too much in memory. */
    readonly leases_revoked: number;
}

/** Another store, with which this one exchanges mergeable values. */
export interface Region {
    /** Its name. */
    readonly name: string;
    /** Where it is reached. */
    readonly address: string;
    /** What the keys start with. */
    readonly prefixes: readonly string[];
    /** `connected` while its changes are followed, `disconnected` while they cannot be, `standby` while another replica of this store does the work. */
    readonly state: string;
    /** Since when its changes are followed; null while they are not. */
    readonly connected_at: null | string;
    /** When it answered last; null before that. */
    readonly last_contact_at: null | string;
    /** How long the oldest change has been known that is not exchanged yet. */
    readonly lag_seconds: number;
    /** Keys with changes that are not exchanged yet. */
    readonly pending: RegionPending;
    /** Exchanges of a value since this replica began to work for the region. */
    readonly exchanges: RegionExchanges;
    /** What went wrong last; null if nothing did. */
    readonly last_error: RegionError | null;
    /** Values that cannot be merged. */
    readonly conflicts: RegionConflicts;
}

/** A value that cannot be merged. */
export interface RegionConflict {
    /** Its key. */
    readonly key: string;
    /** When that was found. */
    readonly found_at: string;
    /** Why. */
    readonly reason: string;
}

/** Values that cannot be merged, until one of the two sides changes. */
export interface RegionConflicts {
    /** How many there are; at most 1,000 are counted. */
    readonly count: number;
    /** The oldest, at most 100. */
    readonly items: readonly RegionConflict[];
}

/** What went wrong last. */
export interface RegionError {
    /** When. */
    readonly occurred_at: string;
    /** What. */
    readonly detail: string;
}

/** Exchanges of a value since this replica began to work for the region. */
export interface RegionExchanges {
    /** Those that succeeded. */
    readonly exchanged: number;
    /** Those that failed; they are repeated. */
    readonly failed: number;
}

/** Keys with changes that are not exchanged yet. */
export interface RegionPending {
    /** Those whose changes the region has yet to get. */
    readonly to: number;
    /** Those whose changes in the region are known, and have yet to come. */
    readonly from: number;
}

/** The regions. */
export interface Regions {
    /** The regions, by name. */
    readonly regions: readonly Region[];
}

/** A replica of the store. */
export interface Replica {
    /** Names the process: a replica that was restarted is another one. */
    readonly id: string;
    /** What operators call it: `ReplicaName`. */
    readonly name: string;
    /** Where it is reached: `ReplicaUrl`. */
    readonly url: string;
    /** `joining` while it loads, `ready`, `draining`, `failed` after 2.5 s of silence or if its store has failed, or `unknown` while etcd cannot be asked. */
    readonly state: string;
    /** The revision of its latest snapshot when it last said so. */
    readonly revision: number;
    /** How many revisions it was behind the answering replica then; null while the states are unknown. */
    readonly lag: null | number;
    /** The version of its program. */
    readonly version: string;
    /** Seconds since it last said something. */
    readonly last_seen_seconds: number;
}

/** A setting that must be the same on all replicas. */
export interface SharedSetting {
    /** Its name. */
    readonly name: string;
    /** Its value. */
    readonly value: string;
}

/** What the service is doing. */
export interface StatusAnswer {
    /** The version of the service. */
    readonly version: string;
    /** What keeps the entries: `disk`, `memory` or `etcd`. */
    readonly engine: string;
    /** Which store the revisions belong to; absent until it is loaded. */
    readonly store_id?: string;
    /** `created`, `loading`, `running`, `stopping`, `stopped` or `failed`. */
    readonly state: string;
    /** The revision of the last commit. */
    readonly revision: number;
    /** The oldest revision that can be read. */
    readonly oldest_revision: number;
    /** Seconds since the oldest commit that the history retains. */
    readonly history_age_seconds: number;
    /** Entries. */
    readonly keys: number;
    /** Bytes of all keys and values. */
    readonly bytes: number;
    /** Writes that wait to be committed. */
    readonly queue: QueueStatus;
    /** Clients that watch or wait for a change. */
    readonly watchers: number;
    /** Reads that keep an old state in memory, or have to make one. */
    readonly reads: ReadsStatus;
    /** Mergeable values. */
    readonly mergeable: MergeableStatus;
    /** What everything that can grow holds on the heap, and may hold. */
    readonly memory: MemoryStatus;
    /** The connections of clients. */
    readonly connections: ConnectionsStatus;
    /** The log on disk; absent with other engines than `disk`. */
    readonly log?: LogStatus;
    /** The connection to etcd; absent with other engines than `etcd`. */
    readonly etcd?: EtcdStatus;
    /** Seconds since the start. */
    readonly uptime_seconds: number;
    /** When the service started. */
    readonly started_at: string;
    /** What the service accepts and retains at most. */
    readonly limits: LimitsStatus;
}
