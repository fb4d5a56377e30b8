namespace KvStore.Storage;

/// <summary>A log that may be written to.</summary>
/// <param name="Store">The store of the directory.</param>
/// <param name="Origin">How the directory came by its data.</param>
/// <param name="Revision">The revision of the last commit that it had; the follower's is above it after a jump.</param>
/// <param name="Writer">What appends to it.</param>
/// <param name="Segments">Its segments.</param>
/// <param name="CheckpointRevision">The revision of the newest checkpoint; 0 without one.</param>
/// <param name="CheckpointBytes">The size of the newest checkpoint; 0 without one.</param>
/// <param name="LogBytes">Bytes of segments that were replayed.</param>
/// <param name="TornTail">The torn tail that was cut off; null without one.</param>
internal sealed record RecoveredLog(
    StoreIdentity Store,
    LogOrigin Origin,
    long Revision,
    SegmentWriter Writer,
    SegmentList Segments,
    long CheckpointRevision,
    long CheckpointBytes,
    long LogBytes,
    TornTail? TornTail);

/// <summary>
/// Opens a log: loads the newest checkpoint and every later commit into the follower, cuts off a torn tail, deletes what the
/// checkpoint covers, and continues at a revision that no client has seen. Damage fails the start.
/// </summary>
internal sealed class LogRecovery(IDisk disk, DiskLogOptions options, ICommitFollower follower, LoadProgress progress)
{
    /// <summary>
    /// How far the revision jumps if the log was not closed cleanly. Commits that were reported and then lost have lower revisions,
    /// because a flush is due after half as many at the latest.
    /// </summary>
    public const long CrashJump = 1L << 24;

    /// <summary>How far the revision jumps if a backup is restored: the store that it is from may have continued for years.</summary>
    public const long RestoreJump = 1L << 40;

    /// <summary>Opens the log. When it returns, everything that the follower has is on the disk.</summary>
    /// <exception cref="DiskLogException">The log is damaged, in use, or cannot be read.</exception>
    public RecoveredLog Open()
    {
        // Before the lock, which is a file.
        LogFiles.Find(disk).ThrowIfForeign(disk);
        disk.Lock();
        var (files, store, origin) = LogDirectory.Read(disk);
        foreach (var name in files.Unfinished)
            disk.Delete(name);

        // The previous process may have ended between a rename and its flush.
        disk.FlushDirectory();
        var loader = new LogLoader(disk, options, follower, progress, store, isVerifying: false);
        loader.Load(files);
        var logBytes = loader.Segments.Bytes;
        var tail = files.Segments.Count > 0 ? CutTornTail(loader.LastHeader.Revision) : null;

        // Before the first frame of a segment, the flush of the seal of the one before it may have failed.
        if (tail is { IsEmpty: true } && loader.PreviousSegment is { } previous)
            CutTornTail(previous);
        if (loader.UnfinishedSegment is { } unfinished)
            Delete(unfinished);
        if (files.Segments.Count > 0)
            DeleteCovered(files);

        var writer = OpenWriter(loader, store.Current);
        DeleteOverlapped(loader.Segments, files.CheckpointRevision);
        var revision = writer.LastRevision;
        Continue(writer, origin, isClosed: tail is { IsClosed: true } && revision == loader.LastRevision);
        if (!files.HasStoreFile)
            StoreFile.Write(disk, store);
        return new RecoveredLog(store, origin, revision, writer, loader.Segments, files.CheckpointRevision, loader.CheckpointBytes, logBytes, tail?.Torn);
    }

    /// <summary>Reads everything as a start does, and changes nothing. The caller has locked the disk.</summary>
    /// <returns>The torn tail that a start would cut off; null without one.</returns>
    /// <exception cref="DiskLogException">The log is damaged or absent; the follower has what precedes the damage.</exception>
    public TornTail? Verify()
    {
        var (files, store, origin) = LogDirectory.Read(disk);
        if (origin == LogOrigin.Empty)
            throw LogFiles.NoLog(disk);
        var loader = new LogLoader(disk, options, follower, progress, store, isVerifying: true);
        loader.Load(files);
        if (files.Segments.Count == 0)
            return null;
        using var file = disk.Open(LogFiles.SegmentName(loader.LastHeader.Revision));
        return SegmentTail.Read(file, loader.LastHeader.Revision, progress).Torn;
    }

    // Durably, because the segment before it grows: its revisions would then overlap those of this one.
    private void Delete(long firstRevision)
    {
        disk.Delete(LogFiles.SegmentName(firstRevision));
        disk.FlushDirectory();
    }

    private SegmentTail CutTornTail(long firstRevision)
    {
        using var file = disk.Open(LogFiles.SegmentName(firstRevision));
        var tail = SegmentTail.Read(file, firstRevision, progress);
        tail.Cut(file);
        return tail;
    }

    private SegmentWriter OpenWriter(LogLoader loader, StoreId store)
    {
        // With FlushMode.Interval, a checkpoint can be newer than the log after a power cut. A segment has frames of one format: one of format 1,
        // which has no seals, is continued in a new segment, and so is one of format 2 without commits, which the new one replaces. Otherwise
        // the writer seals it before it appends.
        var revision = follower.Latest.Revision;
        var header = loader.LastHeader;
        if (loader.Segments.Count == 0 || revision > loader.LastRevision || header.Format == 1 ||
            (header.Format < FileHeader.CurrentFormat && loader.LastRevision < header.Revision))
            return SegmentWriter.Begin(disk, options, loader.Segments, store, revision);

        var file = disk.Open(LogFiles.SegmentName(loader.LastHeader.Revision));
        return SegmentWriter.Resume(disk, options, loader.Segments, store, file, header, loader.LastRevision);
    }

    // A segment that ends before the checkpoint was the last one until now, so it has no seal: beside it, nothing would say that the one
    // after the checkpoint is missing. It is gone durably before anything is appended, whether this start deletes it or an earlier one did.
    private void DeleteOverlapped(SegmentList segments, long checkpointRevision)
    {
        while (segments.OldestCovered(checkpointRevision) is { } covered)
        {
            disk.Delete(LogFiles.SegmentName(covered));
            segments.RemoveOldest();
        }

        disk.FlushDirectory();
    }

    // If the log was not closed, it is unknown which commits were reported before the process ended: with FlushMode.Interval a power cut loses some.
    // It jumps in every mode, because the log does not say with which mode it was written.
    private void Continue(SegmentWriter writer, LogOrigin origin, bool isClosed)
    {
        var jump = origin switch
        {
            LogOrigin.Empty => 0,
            LogOrigin.Backup => RestoreJump,
            _ => isClosed ? 0 : CrashJump,
        };
        var revision = Math.Min(writer.LastRevision + jump, StoredFields.RevisionMax);
        var isGap = revision > writer.LastRevision;

        // Reads and deletions need no space, so a full disk does not fail the start of a store that there is. The next start jumps as this one does:
        // to the same revision, for the same state.
        writer.Start(revision, mayWait: origin == LogOrigin.Store);
        if (isGap)
            follower.Apply([Commit.Gap(revision)]);
    }

    private void DeleteCovered(LogFiles files)
    {
        foreach (var revision in files.Checkpoints.Where(revision => revision < files.CheckpointRevision))
            disk.Delete(LogFiles.CheckpointName(revision));
        foreach (var revision in files.Segments[..files.FirstUncovered(disk)])
            disk.Delete(LogFiles.SegmentName(revision));
    }
}
