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
    // Below this a thread for reading ahead costs more than it gains.
    private const long ReadAheadBytesMin = 1 << 20;

    private readonly SegmentList _segments = new();

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
        var checkpointBytes = LoadCheckpoint(files.CheckpointRevision);
        var (header, lastRevision) = ReplaySegments(files);
        DeleteCovered(files);
        return new RecoveredLog(OpenWriter(header, lastRevision, endsWithMarker), _segments, files.CheckpointRevision, checkpointBytes, _segments.Bytes, cutBytes);
    }

    private RecoveredLog BeginNew(LogFiles files)
    {
        if (files.CheckpointRevision > 0)
            throw DiskLogException.Damaged(disk.PathOf(""), null, "there is a checkpoint, but no segment");
        follower.Load(0, []);
        return new RecoveredLog(SegmentWriter.Begin(disk, options, _segments, 0), _segments, 0, 0, 0, 0);
    }

    private (long CutBytes, bool EndsWithMarker) MendTail(long firstRevision)
    {
        using var file = disk.Open(FileNames.Of(firstRevision, FileNames.Segment));
        var reader = SegmentTail.ReadToTail(file, firstRevision, progress);
        return (SegmentTail.Mend(file, reader), reader.EndsWithMarker);
    }

    private long LoadCheckpoint(long revision)
    {
        if (revision == 0)
        {
            follower.Load(0, []);
            return 0;
        }

        using var file = disk.Open(FileNames.Of(revision, FileNames.Checkpoint));
        var bytes = file.LengthBytes;
        progress.Expect(bytes);
        var groups = CheckpointReader.Read(file, revision, progress);
        follower.Load(revision, (bytes < ReadAheadBytesMin ? groups : ReadAhead.Of(groups)).SelectMany(group => group));
        progress.Advance(bytes);
        return bytes;
    }

    private (FileHeader Header, long LastRevision) ReplaySegments(LogFiles files)
    {
        var first = files.FirstNeeded(disk);
        for (var i = first; i < files.Segments.Count; i++)
        {
            using var file = disk.Open(FileNames.Of(files.Segments[i], FileNames.Segment));
            _segments.Add(files.Segments[i], file.LengthBytes);
        }

        progress.Expect(_segments.Bytes);
        var replay = new Replay(follower, options);
        FileHeader header = default;
        var lastRevision = files.Segments[first] - 1;
        var source = Read();
        foreach (var commits in _segments.Bytes < ReadAheadBytesMin ? source : ReadAhead.Of(source))
        {
            foreach (var commit in commits)
            {
                if (commit.Revision > files.CheckpointRevision)
                    replay.Add(commit);
            }
        }

        replay.Finish();
        return (header, lastRevision);

        IEnumerable<List<RecordedCommit>> Read()
        {
            var decoder = new RecordDecoder();
            for (var i = first; i < files.Segments.Count; i++)
            {
                using var file = disk.Open(FileNames.Of(files.Segments[i], FileNames.Segment));
                var reader = new SegmentReader(file, files.Segments[i], decoder);
                if (reader.LastRevision != lastRevision)
                    throw DiskLogException.Damaged(file.Path, 8, $"it continues from revision {reader.LastRevision}, but the segment before it ends at {lastRevision}");
                foreach (var group in ReadSegment(file, reader))
                    yield return group;
                (header, lastRevision) = (reader.Header, reader.LastRevision);
                progress.Advance(reader.Bytes.LengthBytes);
            }
        }
    }

    private IEnumerable<List<RecordedCommit>> ReadSegment(IDiskFile file, SegmentReader reader)
    {
        const int GroupCommits = 4096;
        var group = new List<RecordedCommit>();
        while (reader.TryReadFrame(group))
        {
            if (group.Count < GroupCommits)
                continue;
            progress.ThrowIfCancelled();
            yield return group;
            group = [];
        }

        if (reader.Damage is { } damage)
            throw DiskLogException.Damaged(file.Path, damage.Offset, damage.Reason);
        yield return group;
    }

    private SegmentWriter OpenWriter(FileHeader header, long lastRevision, bool endsWithMarker)
    {
        // A checkpoint may be ahead of the log: in a copy that was taken of a running log, or after a power cut without flushes.
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
