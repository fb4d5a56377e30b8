namespace KvStore.Storage;

/// <summary>What recovery found, for what goes on from there.</summary>
/// <param name="Writer">Appends behind what was recovered.</param>
/// <param name="Segments">The segments.</param>
/// <param name="CheckpointRevision">The checkpoint's revision; 0 without one.</param>
/// <param name="CheckpointBytes">The checkpoint's size; 0 without one.</param>
/// <param name="LogBytes">Bytes of the segments that were replayed.</param>
/// <param name="CutBytes">Bytes of an unfinished write that were cut off.</param>
internal sealed record RecoveredLog(
    SegmentWriter Writer, SegmentList Segments, long CheckpointRevision, long CheckpointBytes, long LogBytes, long CutBytes);

/// <summary>
/// Opens a log: mends the end of the last segment, hands the newest checkpoint and then every later commit to the follower,
/// and deletes what is covered. Whatever is not as it was written refuses the start.
/// </summary>
internal sealed class LogRecovery(IDisk disk, DiskLogOptions options, ICommitFollower follower, LoadProgress progress)
{
    // What one thread hands to the other at a time; a frame is handed over as a whole.
    private const int GroupChanges = 4096;
    private const long GroupBytes = 4 << 20;

    private readonly SegmentList _segments = new();
    private bool _changesNothing;

    /// <summary>Opens the log. When it returns, all that the follower has is on the disk.</summary>
    /// <exception cref="DiskLogException">The log is damaged, in use, or cannot be read.</exception>
    public RecoveredLog Run()
    {
        disk.Lock();
        var files = LogFiles.Find(disk);
        foreach (var name in files.Unfinished)
            disk.Delete(name);
        if (files.Segments.Count == 0)
            return BeginNew(files);

        // The process before may have ended between a rename and its flush.
        disk.FlushDirectory();
        var (cutBytes, endsWithMarker) = MendTail(files.Segments[^1]);
        var (header, lastRevision, checkpointBytes) = Load(files);
        DeleteCovered(files);
        return new RecoveredLog(OpenWriter(header, lastRevision, endsWithMarker), _segments, files.CheckpointRevision, checkpointBytes, _segments.Bytes, cutBytes);
    }

    /// <summary>Reads everything as a start does and changes nothing. The caller has locked the disk.</summary>
    /// <returns>How many bytes of an unfinished write a start would cut off.</returns>
    /// <exception cref="DiskLogException">The log is damaged; the follower has what comes before.</exception>
    public long Check()
    {
        _changesNothing = true;
        var files = LogFiles.Find(disk);
        if (files.Segments.Count == 0)
        {
            LoadCheckpoint(files.CheckpointRevision, new Replay(follower, options));
            return 0;
        }

        Load(files);
        using var file = disk.Open(FileNames.Of(files.Segments[^1], FileNames.Segment));
        return SegmentTail.CutBytes(SegmentTail.ReadToTail(file, files.Segments[^1], progress));
    }

    // Nothing at all, or a checkpoint alone: that is what a backup is.
    private RecoveredLog BeginNew(LogFiles files)
    {
        var bytes = LoadCheckpoint(files.CheckpointRevision, new Replay(follower, options));
        disk.FlushDirectory();
        return new RecoveredLog(
            SegmentWriter.Begin(disk, options, _segments, files.CheckpointRevision), _segments, files.CheckpointRevision, bytes, 0, 0);
    }

    private (long CutBytes, bool EndsWithMarker) MendTail(long firstRevision)
    {
        using var file = disk.Open(FileNames.Of(firstRevision, FileNames.Segment));
        var reader = SegmentTail.ReadToTail(file, firstRevision, progress);
        return (SegmentTail.Mend(file, reader), reader.EndsWithMarker);
    }

    // The segments first: what changed since the checkpoint is then put into it in one pass while it is read.
    private (FileHeader Header, long LastRevision, long CheckpointBytes) Load(LogFiles files)
    {
        var replay = new Replay(follower, options);
        FileHeader header;
        long lastRevision;
        try
        {
            (header, lastRevision) = ReadSegments(files, replay);
        }
        catch (DiskLogException) when (_changesNothing)
        {
            LoadCheckpoint(files.CheckpointRevision, replay);
            throw;
        }

        return (header, lastRevision, LoadCheckpoint(files.CheckpointRevision, replay));
    }

    private long LoadCheckpoint(long revision, Replay replay)
    {
        if (revision == 0)
        {
            replay.Finish(0, []);
            return 0;
        }

        using var file = disk.Open(FileNames.Of(revision, FileNames.Checkpoint));
        var bytes = file.LengthBytes;
        progress.Expect(bytes);
        var groups = CheckpointReader.Read(file, revision, progress);
        replay.Finish(revision, ReadAhead.Of(groups, bytes).SelectMany(group => group));
        progress.Advance(bytes);
        return bytes;
    }

    private (FileHeader Header, long LastRevision) ReadSegments(LogFiles files, Replay replay)
    {
        var first = files.FirstNeeded(disk);
        for (var i = first; i < files.Segments.Count; i++)
        {
            using var file = disk.Open(FileNames.Of(files.Segments[i], FileNames.Segment));
            _segments.Add(files.Segments[i], file.LengthBytes);
        }

        progress.Expect(_segments.Bytes);
        FileHeader header = default;
        var lastRevision = files.Segments[first] - 1;
        foreach (var changes in ReadAhead.Of(Read(), _segments.Bytes))
        {
            foreach (var change in changes)
            {
                if (change.Revision > files.CheckpointRevision)
                    replay.Add(change);
            }
        }

        return (header, lastRevision);

        IEnumerable<List<RecordedChange>> Read()
        {
            var decoder = new RecordDecoder();
            for (var i = first; i < files.Segments.Count; i++)
            {
                using var file = disk.Open(FileNames.Of(files.Segments[i], FileNames.Segment));
                var reader = new SegmentReader(file, files.Segments[i], decoder);
                if (reader.LastRevision != lastRevision)
                    throw DiskLogException.Damaged(file.Path, 8, $"it continues from revision {reader.LastRevision}, but the segment before it ends at {lastRevision}");
                var mayBeTorn = _changesNothing && i == files.Segments.Count - 1;
                foreach (var group in ReadSegment(file, reader, mayBeTorn))
                    yield return group;
                (header, lastRevision) = (reader.Header, reader.LastRevision);
                progress.Advance(reader.Bytes.LengthBytes);
            }
        }
    }

    private IEnumerable<List<RecordedChange>> ReadSegment(IDiskFile file, SegmentReader reader, bool mayBeTorn)
    {
        var group = new List<RecordedChange>();
        var groupFrom = reader.Offset;
        while (reader.TryReadFrame(group))
        {
            if (group.Count < GroupChanges && reader.Offset - groupFrom < GroupBytes)
                continue;
            progress.ThrowIfCancelled();
            yield return group;
            (group, groupFrom) = (new(GroupChanges), reader.Offset);
        }

        yield return group;
        if (reader.Damage is { } damage && !(mayBeTorn && SegmentTail.IsTorn(reader, damage)))
            throw DiskLogException.Damaged(file.Path, damage.Offset, damage.Reason, reader.Offset);
    }

    private SegmentWriter OpenWriter(FileHeader header, long lastRevision, bool endsWithMarker)
    {
        // A checkpoint may be ahead of the log after a power cut, if commits are not flushed one by one.
        if (follower.Latest.Revision > lastRevision)
            return SegmentWriter.Begin(disk, options, _segments, follower.Latest.Revision);

        var file = disk.Open(FileNames.Of(header.Revision, FileNames.Segment));
        var writer = SegmentWriter.GoOn(disk, options, _segments, file, header, lastRevision);
        if (!endsWithMarker && writer.TryAppend([]))
            writer.Flush();
        return writer;
    }

    private void DeleteCovered(LogFiles files)
    {
        foreach (var revision in files.Checkpoints.Where(revision => revision < files.CheckpointRevision))
            disk.Delete(FileNames.Of(revision, FileNames.Checkpoint));
        foreach (var revision in files.Segments[..files.FirstNeeded(disk)])
            disk.Delete(FileNames.Of(revision, FileNames.Segment));
    }
}
