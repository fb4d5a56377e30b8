using System.ComponentModel;
using System.Text.Json.Serialization;
using KvStore.Storage;

namespace KvStore.Server;

/// <summary>What the log on disk is doing.</summary>
internal sealed record LogStatus
{
    [JsonPropertyName("state"), Description("loading, open, or closed: closed logs take no writes.")]
    public required string State { get; init; }

    [JsonPropertyName("closed_reason"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Why the log takes no writes, and what to do; absent if nothing failed.")]
    public string? ClosedReason { get; init; }

    [JsonPropertyName("has_no_space"), Description("Whether the last write was refused because the disk is full.")]
    public required bool HasNoSpace { get; init; }

    [JsonPropertyName("loaded_bytes"), Description("Bytes that were read at the start so far.")]
    public required long LoadedBytes { get; init; }

    [JsonPropertyName("load_bytes"), Description("Bytes that there were to read at the start.")]
    public required long LoadBytes { get; init; }

    [JsonPropertyName("flush_mode"), Description("always or interval.")]
    public required string FlushMode { get; init; }

    [JsonPropertyName("flushed_revision"), Description("The last revision that is known to be on the disk.")]
    public required long FlushedRevision { get; init; }

    [JsonPropertyName("flushed_at"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("When the last flush ended; absent while loading.")]
    public DateTimeOffset? FlushedAt { get; init; }

    [JsonPropertyName("segments"), Description("Files of the log.")]
    public required int Segments { get; init; }

    [JsonPropertyName("bytes"), Description("Bytes of the log's files, without the checkpoint.")]
    public required long Bytes { get; init; }

    [JsonPropertyName("checkpoint"), Description("The newest checkpoint.")]
    public required CheckpointStatus Checkpoint { get; init; }

    /// <summary>The answer for a status of the log.</summary>
    public static LogStatus Of(DiskLogStatus log, DiskLogOptions options) => new()
    {
        State = log.Phase switch
        {
            DiskLogPhase.Created or DiskLogPhase.Loading => "loading",
            DiskLogPhase.Open => "open",
            _ => "closed",
        },
        ClosedReason = log.ClosedReason,
        HasNoSpace = log.HasNoSpace,
        LoadedBytes = log.LoadedBytes,
        LoadBytes = log.LoadBytes,
        FlushMode = options.FlushMode == Storage.FlushMode.Always ? "always" : "interval",
        FlushedRevision = log.FlushedRevision,
        FlushedAt = log.FlushedAt,
        Segments = log.Segments,
        Bytes = log.LogBytes,
        Checkpoint = new CheckpointStatus
        {
            Revision = log.CheckpointRevision,
            Bytes = log.CheckpointBytes,
            WrittenAt = log.CheckpointAt,
            Running = log.CheckpointRuns,
        },
    };
}

/// <summary>The newest checkpoint.</summary>
internal sealed record CheckpointStatus
{
    [JsonPropertyName("revision"), Description("The revision whose entries it holds; 0 when there is none.")]
    public required long Revision { get; init; }

    [JsonPropertyName("bytes"), Description("Bytes of the file.")]
    public required long Bytes { get; init; }

    [JsonPropertyName("written_at"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("When this process wrote it; absent if it did not.")]
    public DateTimeOffset? WrittenAt { get; init; }

    [JsonPropertyName("running"), Description("Whether a newer one is being written.")]
    public required bool Running { get; init; }
}
