namespace KvStore.Storage;

/// <summary>The phases of a log's life.</summary>
public enum DiskLogPhase
{
    /// <summary>Not opened yet.</summary>
    Created,

    /// <summary>Reading its files.</summary>
    Loading,

    /// <summary>Accepting writes.</summary>
    Open,

    /// <summary>Rejecting writes: disposed of, or failed as <see cref="DiskLogStatus.ClosedReason"/> says.</summary>
    Closed,
}

/// <summary>The state of a <see cref="DiskCommitLog"/> at one moment.</summary>
/// <param name="Phase">The phase of its life.</param>
/// <param name="LoadedBytes">While loading: bytes read so far.</param>
/// <param name="LoadBytes">While loading: bytes to read, as far as is known.</param>
/// <param name="ClosedReason">Why it rejects writes, and what to do; null if nothing failed.</param>
/// <param name="HasNoSpace">Whether the last write was rejected because the disk is full.</param>
/// <param name="Segments">The number of segments.</param>
/// <param name="LogBytes">Bytes of all segments.</param>
/// <param name="FlushedRevision">The last revision that is known to be on the disk.</param>
/// <param name="FlushedAt">When the last flush ended; null while loading.</param>
/// <param name="CheckpointRevision">The revision of the newest checkpoint; 0 without one.</param>
/// <param name="CheckpointBytes">The size of the newest checkpoint; 0 without one.</param>
/// <param name="CheckpointAt">When this process wrote it; null if another one did.</param>
/// <param name="CheckpointRuns">Whether a checkpoint is being written.</param>
public sealed record DiskLogStatus(
    DiskLogPhase Phase,
    long LoadedBytes,
    long LoadBytes,
    string? ClosedReason,
    bool HasNoSpace,
    int Segments,
    long LogBytes,
    long FlushedRevision,
    DateTimeOffset? FlushedAt,
    long CheckpointRevision,
    long CheckpointBytes,
    DateTimeOffset? CheckpointAt,
    bool CheckpointRuns);
