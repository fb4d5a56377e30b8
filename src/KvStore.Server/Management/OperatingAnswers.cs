using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KvStore.Server;

/// <summary>The answer to a health question.</summary>
/// <param name="Status">What it is.</param>
internal sealed record HealthAnswer([property: JsonPropertyName("status"), Description("alive or ready.")] string Status)
{
    public static HealthAnswer Alive { get; } = new("alive");

    public static HealthAnswer Ready { get; } = new("ready");
}

/// <summary>What the service is doing.</summary>
internal sealed record StatusAnswer
{
    [JsonPropertyName("version"), Description("The service's version.")]
    public required string Version { get; init; }

    [JsonPropertyName("engine"), Description("What keeps the entries.")]
    public required string Engine { get; init; }

    [JsonPropertyName("state"), Description("created, loading, running, stopping, stopped or failed.")]
    public required string State { get; init; }

    [JsonPropertyName("revision"), Description("The revision of the last commit.")]
    public required long Revision { get; init; }

    [JsonPropertyName("oldest_revision"), Description("The oldest revision that can be read.")]
    public required long OldestRevision { get; init; }

    [JsonPropertyName("keys"), Description("How many entries there are.")]
    public required long Keys { get; init; }

    [JsonPropertyName("bytes"), Description("Bytes of all keys and values.")]
    public required long Bytes { get; init; }

    [JsonPropertyName("queue"), Description("Writes that wait to be committed.")]
    public required QueueStatus Queue { get; init; }

    [JsonPropertyName("watchers"), Description("Clients that watch, or wait for a change.")]
    public required int Watchers { get; init; }

    [JsonPropertyName("log"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The log on disk. Absent with an engine that keeps no files.")]
    public LogStatus? Log { get; init; }

    [JsonPropertyName("uptime_seconds"), Description("Seconds since the start.")]
    public required double UptimeSeconds { get; init; }

    [JsonPropertyName("started_at"), Description("When the service started.")]
    public required DateTimeOffset StartedAt { get; init; }

    [JsonPropertyName("limits"), Description("What the service accepts and remembers at most.")]
    public required LimitsStatus Limits { get; init; }

    /// <summary>A state as answers write it.</summary>
    public static string NameOf(StoreState state) => state switch
    {
        StoreState.Created => "created",
        StoreState.Loading => "loading",
        StoreState.Running => "running",
        StoreState.Stopping => "stopping",
        StoreState.Stopped => "stopped",
        _ => "failed",
    };
}

/// <summary>Writes that wait to be committed.</summary>
internal sealed record QueueStatus
{
    [JsonPropertyName("operations"), Description("Writes that wait.")]
    public required int Operations { get; init; }

    [JsonPropertyName("operations_max"), Description("Writes that may wait. One more is answered with 429.")]
    public required int OperationsMax { get; init; }

    [JsonPropertyName("bytes"), Description("Bytes of keys and values that wait or are being committed.")]
    public required long Bytes { get; init; }

    [JsonPropertyName("bytes_max"), Description("Bytes that may wait. A write above that is answered with 429.")]
    public required long BytesMax { get; init; }
}

/// <summary>What the service accepts and remembers at most.</summary>
internal sealed record LimitsStatus
{
    [JsonPropertyName("key_bytes_max"), Description("Bytes of a key.")]
    public required int KeyBytesMax { get; init; }

    [JsonPropertyName("value_bytes_max"), Description("Bytes of a value.")]
    public required int ValueBytesMax { get; init; }

    [JsonPropertyName("page_entries_default"), Description("Entries on a page of a listing that does not say.")]
    public required int PageEntriesDefault { get; init; }

    [JsonPropertyName("page_entries_max"), Description("Entries on a page of a listing.")]
    public required int PageEntriesMax { get; init; }

    [JsonPropertyName("connections_max"), Description("Connections that are open at a time.")]
    public required int ConnectionsMax { get; init; }

    [JsonPropertyName("watchers_max"), Description("Clients that watch, or wait for a change, at a time. One more is answered with 429.")]
    public required int WatchersMax { get; init; }

    [JsonPropertyName("history_commits_max"), Description("Commits that are remembered.")]
    public required int HistoryCommitsMax { get; init; }

    [JsonPropertyName("history_bytes_max"), Description("Bytes that only remembered commits keep.")]
    public required long HistoryBytesMax { get; init; }

    [JsonPropertyName("history_age_max_seconds"), Description("How long a commit is remembered.")]
    public required double HistoryAgeMaxSeconds { get; init; }

    [JsonPropertyName("kept_snapshots_max"), Description("Snapshots that are kept for listings that go on.")]
    public required int KeptSnapshotsMax { get; init; }

    [JsonPropertyName("kept_snapshot_age_max_seconds"), Description("How long a snapshot is kept after its last use.")]
    public required double KeptSnapshotAgeMaxSeconds { get; init; }
}

/// <summary>How these answers are written, known at compile time.</summary>
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(Microsoft.AspNetCore.Mvc.ProblemDetails))]
internal sealed partial class OperatingJson : JsonSerializerContext;
