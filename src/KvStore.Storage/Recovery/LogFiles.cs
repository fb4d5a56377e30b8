namespace KvStore.Storage;

/// <summary>The files of a directory, by their names.</summary>
/// <param name="HasStoreFile">Whether there is a file that names the store.</param>
/// <param name="Checkpoints">The revisions of the checkpoints, lowest first.</param>
/// <param name="Segments">The first revisions of the segments, lowest first.</param>
/// <param name="Unfinished">The names of files that were never completed.</param>
/// <param name="Others">The names of files and directories that are not of a log.</param>
internal sealed record LogFiles(bool HasStoreFile, List<long> Checkpoints, List<long> Segments, List<string> Unfinished, List<string> Others)
{
    // What the lock and a new file system leave in a directory, and the keys that the service may have put there.
    private static readonly string[] Ignored = ["lock", "lost+found", "keys.json", "keys.json.tmp", "keys.json.lock"];

    /// <summary>The revision of the newest checkpoint; 0 without one.</summary>
    public long CheckpointRevision => Checkpoints.Count > 0 ? Checkpoints[^1] : 0;

    /// <summary>Whether there is nothing of a log.</summary>
    public bool HasNoLog => !HasStoreFile && Checkpoints.Count == 0 && Segments.Count == 0;

    public static LogFiles Find(IDisk disk)
    {
        var names = disk.List();
        var checkpoints = FileNames.Revisions(names, FileNames.Checkpoint);
        var segments = FileNames.Revisions(names, FileNames.Segment);
        List<string> unfinished = [.. UnfinishedOf(names, FileNames.Checkpoint), .. UnfinishedOf(names, FileNames.Segment)];
        if (names.Contains(StoreFile.Name + FileNames.Unfinished))
            unfinished.Add(StoreFile.Name + FileNames.Unfinished);
        var hasStoreFile = names.Contains(StoreFile.Name);
        HashSet<string> known =
            [.. Ignored, .. unfinished, StoreFile.Name, .. checkpoints.Select(CheckpointName), .. segments.Select(SegmentName)];
        return new LogFiles(hasStoreFile, checkpoints, segments, unfinished, [.. names.Where(name => !known.Contains(name)).Order(StringComparer.Ordinal)]);
    }

    /// <summary>The name of a checkpoint.</summary>
    public static string CheckpointName(long revision) => FileNames.Of(revision, FileNames.Checkpoint);

    /// <summary>The name of a segment.</summary>
    public static string SegmentName(long firstRevision) => FileNames.Of(firstRevision, FileNames.Segment);

    /// <summary>Throws if a log must not begin here: the directory is that of someone else.</summary>
    /// <exception cref="DiskLogException">It is.</exception>
    public void ThrowIfForeign(IDisk disk)
    {
        if (HasNoLog && Others.Count > 0)
            throw DiskLogException.NoData(disk.PathOf(""), $"it has other files, such as {string.Join(" and ", Others.Take(2))}. Nothing was written to it. Name the data directory with --data, or a new or empty one.");
    }

    /// <summary>The failure of a command that needs a log.</summary>
    public static DiskLogException NoLog(IDisk disk) => DiskLogException.NoData(disk.PathOf(""), "it is empty. Name the data directory with --data.");

    /// <summary>Throws if there is nothing to verify.</summary>
    /// <exception cref="DiskLogException">There is nothing of a log.</exception>
    public void ThrowIfNoLog(IDisk disk)
    {
        ThrowIfForeign(disk);
        if (HasNoLog)
            throw NoLog(disk);
    }

    /// <summary>The index of the first segment that the newest checkpoint does not cover.</summary>
    /// <exception cref="DiskLogException">It is missing.</exception>
    public int FirstUncovered(IDisk disk)
    {
        var first = Segments.FindLastIndex(firstRevision => firstRevision <= CheckpointRevision + 1);
        return first >= 0 ? first : throw DiskLogException.Damaged(
            disk.PathOf(SegmentName(Segments[0])), null,
            $"it begins at revision {Segments[0]}, and what comes after revision {CheckpointRevision} is missing before it");
    }

    private static IEnumerable<string> UnfinishedOf(IReadOnlyList<string> names, string kind) =>
        FileNames.Revisions(names, kind + FileNames.Unfinished).Select(revision => FileNames.Of(revision, kind + FileNames.Unfinished));
}
