namespace KvStore.Storage;

/// <summary>The files of a log's directory.</summary>
/// <param name="Checkpoints">The revisions of the checkpoints, lowest first.</param>
/// <param name="Segments">The first revisions of the segments, lowest first.</param>
/// <param name="Unfinished">The names of files that were never completed.</param>
internal sealed record LogFiles(List<long> Checkpoints, List<long> Segments, List<string> Unfinished)
{
    /// <summary>The revision of the newest checkpoint; 0 without one.</summary>
    public long CheckpointRevision => Checkpoints.Count > 0 ? Checkpoints[^1] : 0;

    public static LogFiles Find(IDisk disk)
    {
        var names = disk.List();
        return new LogFiles(
            FileNames.Revisions(names, FileNames.Checkpoint),
            FileNames.Revisions(names, FileNames.Segment),
            [.. UnfinishedOf(names, FileNames.Checkpoint), .. UnfinishedOf(names, FileNames.Segment)]);
    }

    /// <summary>The index of the first segment that the newest checkpoint does not cover.</summary>
    /// <exception cref="DiskLogException">It is missing.</exception>
    public int FirstUncovered(IDisk disk)
    {
        var first = Segments.FindLastIndex(firstRevision => firstRevision <= CheckpointRevision + 1);
        return first >= 0 ? first : throw DiskLogException.Damaged(
            disk.PathOf(FileNames.Of(Segments[0], FileNames.Segment)), null,
            $"it begins at revision {Segments[0]}, and what comes after revision {CheckpointRevision} is missing before it");
    }

    private static IEnumerable<string> UnfinishedOf(IReadOnlyList<string> names, string kind) =>
        FileNames.Revisions(names, kind + FileNames.Unfinished).Select(revision => FileNames.Of(revision, kind + FileNames.Unfinished));
}
