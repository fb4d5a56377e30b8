namespace KvStore.Storage;

/// <summary>A log that may be written to: its store, its parts, the bytes of segments that were replayed, and the torn tail that was cut off.</summary>
internal sealed record RecoveredLog(
    StoreId StoreId, SegmentWriter Writer, SegmentList Segments, long CheckpointRevision, long CheckpointBytes, long LogBytes, TornTail? TornTail);

/// <summary>
/// Opens a log: cuts off a torn tail, loads the newest checkpoint and every later commit into the follower, and deletes what the
/// checkpoint covers. Damage fails the start.
/// </summary>
internal sealed class LogRecovery(IDisk disk, DiskLogOptions options, ICommitFollower follower, LoadProgress progress)
{
    /// <summary>Opens the log. When it returns, everything that the follower has is on the disk.</summary>
    /// <exception cref="DiskLogException">The log is damaged, in use, or cannot be read.</exception>
    public RecoveredLog Open()
    {
        disk.Lock();
        var files = LogFiles.Find(disk);
        foreach (var name in files.Unfinished)
            disk.Delete(name);

        // The previous process may have ended between a rename and its flush.
        disk.FlushDirectory();
        var tail = files.Segments.Count > 0 ? CutTornTail(files.Segments[^1]) : null;
        var loader = new LogLoader(disk, options, follower, progress, isVerifying: false);
        loader.Load(files);
        if (files.Segments.Count > 0)
            DeleteCovered(files);
        var logBytes = loader.Segments.Bytes;

        // Before the writer: a segment that is written to belongs to a store that has its id on the disk.
        var id = StoreFile.ReadOrCreate(disk);
        return new RecoveredLog(
            id, OpenWriter(loader, tail?.EndsWithMarker ?? false), loader.Segments, files.CheckpointRevision, loader.CheckpointBytes, logBytes, tail?.Torn);
    }

    /// <summary>Reads everything as a start does, and changes nothing. The caller has locked the disk.</summary>
    /// <returns>The torn tail that a start would cut off; null without one.</returns>
    /// <exception cref="DiskLogException">The log is damaged; the follower has what precedes the damage.</exception>
    public TornTail? Verify()
    {
        var files = LogFiles.Find(disk);
        new LogLoader(disk, options, follower, progress, isVerifying: true).Load(files);
        _ = StoreFile.Read(disk);
        if (files.Segments.Count == 0)
            return null;
        using var file = disk.Open(FileNames.Of(files.Segments[^1], FileNames.Segment));
        return SegmentTail.Read(file, files.Segments[^1], progress).Torn;
    }

    private SegmentTail CutTornTail(long firstRevision)
    {
        using var file = disk.Open(FileNames.Of(firstRevision, FileNames.Segment));
        var tail = SegmentTail.Read(file, firstRevision, progress);
        tail.Cut(file);
        return tail;
    }

    private SegmentWriter OpenWriter(LogLoader loader, bool endsWithMarker)
    {
        // With FlushMode.Interval, a checkpoint can be newer than the log after a power cut. A segment has frames of one format.
        var revision = follower.Latest.Revision;
        if (loader.Segments.Count == 0 || revision > loader.LastRevision || loader.LastHeader.Format < FileHeader.CurrentFormat)
            return SegmentWriter.Begin(disk, options, loader.Segments, revision);

        var file = disk.Open(FileNames.Of(loader.LastHeader.Revision, FileNames.Segment));
        var writer = SegmentWriter.Resume(disk, options, loader.Segments, file, loader.LastHeader, loader.LastRevision);
        if (!endsWithMarker && writer.TryAppend([]))
            writer.Flush();
        return writer;
    }

    private void DeleteCovered(LogFiles files)
    {
        foreach (var revision in files.Checkpoints.Where(revision => revision < files.CheckpointRevision))
            disk.Delete(FileNames.Of(revision, FileNames.Checkpoint));
        foreach (var revision in files.Segments[..files.FirstUncovered(disk)])
            disk.Delete(FileNames.Of(revision, FileNames.Segment));
    }
}
