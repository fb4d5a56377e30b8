namespace KvStore.Server;

/// <summary>The settings as <c>--help</c> shows them: in groups, each with what it limits, and what happens at the limit if it fits into a line.</summary>
internal static class SettingGroups
{
    public static readonly IReadOnlyList<(string Title, (string Name, string Meaning)[] Settings)> All =
    [
        ("Data",
        [
            ("Engine", "disk, or memory, which keeps nothing"),
            ("Data", "the directory of the disk engine's files"),
            ("FlushMode", "acknowledge a write: always on disk, or interval"),
            ("FlushInterval", "what a power failure can lose with interval"),
            ("SegmentBytesMax", "size at which the log rolls to a new file"),
            ("ReserveBytes", "disk space reserved ahead of the log's end"),
            ("CheckpointLogBytesMin", "no automatic checkpoint with less log than this"),
            ("CheckpointLogPercent", "checkpoint when the log exceeds this % of the last"),
            ("CheckpointBytesPerSecondMax", "how fast checkpoints are written, per second"),
            ("CheckpointRetryDelay", "wait after a failed checkpoint"),
            ("ReplayedCommitsMax", "commits of the log that a start keeps as history"),
            ("ReplayedBytesMax", "the same, in bytes"),
        ]),
        ("Requests",
        [
            ("KeyBytesMax", "a longer key gets 400"),
            ("ValueBytesMax", "a larger value gets 413"),
            ("PageEntriesDefault", "entries on a page of a listing without limit"),
            ("PageEntriesMax", "a greater limit gets 400"),
            ("PageBytesMax", "size at which a page of a listing ends"),
            ("DeletedEntriesMax", "entries that one request may delete by prefix"),
            ("IdempotencyLifetime", "how long an Idempotency-Key is remembered"),
            ("IdempotencyRecordsMax", "how many are"),
            ("WaitMax", "the longest long poll"),
            ("MinRevisionTimeout", "how long a read waits for its min_revision"),
            ("JsonBodyBytesMax", "the body of a transaction or batch read"),
            ("TransactionOperationsMax", "operations of a transaction"),
            ("TransactionGuardsMax", "guards of a transaction"),
            ("BatchKeysMax", "keys of a batch read"),
            ("ImportErrorsMax", "invalid lines that an import lists"),
            ("ImportWaitMax", "how long an import waits for the queue"),
        ]),
        ("Memory",
        [
            ("QueueOperationsMax", "waiting writes; one more gets 429"),
            ("QueueBytesMax", "the same, in bytes"),
            ("BatchOperationsMax", "writes that are committed together"),
            ("HistoryCommitsMax", "commits that can be read and watched later"),
            ("HistoryBytesMax", "the same, in bytes of replaced values"),
            ("HistoryAgeMax", "the same, by age"),
            ("KeptSnapshotsMax", "snapshots retained for cursors"),
            ("KeptSnapshotAgeMax", "the same, since the last use"),
            ("ExpiryInterval", "time between sweeps for expired entries"),
        ]),
        ("Watches",
        [
            ("WatchersMax", "watchers and long polls; one more gets 429"),
            ("WatchRestMax", "the longest that a change waits for a watcher"),
            ("WatchBookmarkInterval", "silence after which a watcher gets a bookmark"),
            ("WatchEventBytesMax", "a larger event ends a watch with gone"),
        ]),
        ("Server",
        [
            ("ConnectionsMax", "one more connection is closed"),
            ("HeadersBytesMax", "larger headers get 431"),
            ("HeadersTimeout", "slower headers get 408"),
            ("BodySilenceMax", "a body that pauses longer gets 408"),
            ("IdleConnectionTimeout", "idle connections are closed after this"),
            ("ShutdownTimeout", "how long a stop waits for requests in flight"),
            ("SlowRequestTime", "slower requests are logged"),
            ("AccessLog", "true logs every request"),
        ]),
    ];
}
