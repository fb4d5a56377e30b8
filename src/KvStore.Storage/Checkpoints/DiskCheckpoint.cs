namespace KvStore.Storage;

/// <summary>A checkpoint on the disk.</summary>
/// <param name="Revision">The revision of the state that it contains.</param>
/// <param name="Entries">The number of entries; null if another process wrote it.</param>
/// <param name="Bytes">The size of the file.</param>
/// <param name="At">When it was completed; null if another process wrote it.</param>
public sealed record DiskCheckpoint(long Revision, long? Entries, long Bytes, DateTimeOffset? At)
{
    /// <summary>The name of the file in the log's directory.</summary>
    public string FileName => FileNames.Of(Revision, FileNames.Checkpoint);
}
