namespace KvStore.Storage;

/// <summary>Where a log is in its life.</summary>
public enum DiskLogPhase
{
    /// <summary>Not asked for anything yet.</summary>
    Created,

    /// <summary>Reading its files.</summary>
    Loading,

    /// <summary>Taking writes.</summary>
    Open,

    /// <summary>Taking no writes any more: disposed of, or after an error that <see cref="DiskLogStatus.ClosedReason"/> tells.</summary>
    Closed,
}

/// <summary>What a <see cref="DiskCommitLog"/> says of itself at one moment.</summary>
/// <param name="Phase">Where it is in its life.</param>
/// <param name="LoadedBytes">While loading: bytes that were read so far.</param>
/// <param name="LoadBytes">While loading: bytes that there are to read, as far as is known.</param>
/// <param name="ClosedReason">Why it takes no writes, and what to do; null if nothing failed.</param>
/// <param name="HasNoSpace">Whether the last write was refused because the disk is full.</param>
/// <param name="Segments">How many segments there are.</param>
/// <param name="LogBytes">Bytes of all segments.</param>
/// <param name="FlushedRevision">The last revision that is known to be on the disk.</param>
/// <param name="FlushedAt">When the last flush ended; null while loading.</param>
/// <param name="CheckpointRevision">The newest checkpoint's revision; 0 without one.</param>
/// <param name="CheckpointBytes">The newest checkpoint's size; 0 without one.</param>
/// <param name="CheckpointAt">When this process wrote it; null if it did not.</param>
/// <param name="CheckpointRuns">Whether one is being written.</param>
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

/// <summary>A checkpoint on the disk.</summary>
/// <param name="Revision">The revision whose state it holds.</param>
/// <param name="Entries">How many entries it holds; null if another process wrote it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="At">When it was finished; null if another process wrote it.</param>
public sealed record DiskCheckpoint(long Revision, long? Entries, long Bytes, DateTimeOffset? At)
{
    /// <summary>The file's name in the log's directory.</summary>
    public string FileName => FileNames.Of(Revision, FileNames.Checkpoint);
}
