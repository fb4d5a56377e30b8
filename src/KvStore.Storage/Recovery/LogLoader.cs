namespace KvStore.Storage;

/// <summary>
/// Loads the newest checkpoint and every later commit into the follower. A check that fails is damage, and the load ends with it.
/// Belongs to one thread.
/// </summary>
/// <remarks>
/// A start and a verification load in the same way, so that they find the same. The last segment may have a torn tail. Only a
/// verification also loads what precedes damage.
/// </remarks>
internal sealed class LogLoader(
    IDisk disk, DiskLogOptions options, ICommitFollower follower, LoadProgress progress, StoreIdentity store, bool isVerifying)
{
    // What one thread passes to the other at a time; a frame is passed as a whole.
    private const int GroupChanges = 4096;
    private const long GroupBytes = 4 << 20;

    private readonly Replay _replay = new(follower, options, disk);

    /// <summary>The segments that were read.</summary>
    public SegmentList Segments { get; } = new();

    /// <summary>The header of the last segment.</summary>
    public FileHeader LastHeader { get; private set; }

    /// <summary>The first revision of the segment before the last one; null if there is none.</summary>
    public long? PreviousSegment { get; private set; }

    /// <summary>The last revision of the segments.</summary>
    public long LastRevision { get; private set; }

    /// <summary>The successor of a segment that was not sealed: it has no commits, and is to be deleted. Null without one.</summary>
    public long? UnfinishedSegment { get; private set; }

    /// <summary>The size of the newest checkpoint; 0 without one.</summary>
    public long CheckpointBytes { get; private set; }

    /// <summary>Loads everything. Without segments, a checkpoint alone is a complete log: that is what a backup is.</summary>
    /// <exception cref="DiskLogException">The log is damaged or cannot be read.</exception>
    public void Load(LogFiles files)
    {
        if (files.Checkpoints.Count > 0)
        {
            using var file = disk.Open(LogFiles.CheckpointName(files.CheckpointRevision));
            CheckpointBytes = file.LengthBytes;
            progress.Expect(CheckpointBytes);
        }

        try
        {
            // The segments first, so that their changes are merged into the checkpoint in one pass while it is read.
            if (files.Segments.Count > 0)
                ReadSegments(files);
        }
        catch (DiskLogException exception) when (isVerifying && exception.Problem == DiskLogProblem.Damaged)
        {
            LoadBeforeDamage(files);
            throw;
        }

        LoadCheckpoint(files);
    }

    private void LoadBeforeDamage(LogFiles files)
    {
        try
        {
            LoadCheckpoint(files);
        }
        catch (DiskLogException exception) when (exception.Problem == DiskLogProblem.Damaged)
        {
            // The damage that was found first is the one to report.
        }
    }

    private void LoadCheckpoint(LogFiles files)
    {
        if (files.Checkpoints.Count == 0)
        {
            _replay.Finish(0, []);
            return;
        }

        using var file = disk.Open(LogFiles.CheckpointName(files.CheckpointRevision));
        var groups = CheckpointReader.Read(file, files.CheckpointRevision, store, progress.Advance);
        _replay.Finish(files.CheckpointRevision, ReadAhead.Of(groups, CheckpointBytes).SelectMany(group => group));
    }

    private void ReadSegments(LogFiles files)
    {
        var segments = files.Segments[files.FirstUncovered(disk)..];
        var bytes = 0L;
        foreach (var firstRevision in segments)
        {
            using var file = disk.Open(LogFiles.SegmentName(firstRevision));
            bytes += file.LengthBytes;
        }

        progress.Expect(bytes);
        LastRevision = segments[0] - 1;
        foreach (var changes in ReadAhead.Of(Decode(segments), bytes))
        {
            foreach (var change in changes)
            {
                if (change.Revision > files.CheckpointRevision)
                    _replay.Add(change);
            }
        }
    }

    private IEnumerable<List<RecordedChange>> Decode(List<long> segments)
    {
        var decoder = new RecordDecoder();
        for (var i = 0; i < segments.Count && UnfinishedSegment is null; i++)
        {
            using var file = disk.Open(LogFiles.SegmentName(segments[i]));
            var reader = new SegmentReader(file, segments[i], decoder, progress);
            store.Check(file.Path, reader.Header);
            if (reader.LastRevision != LastRevision)
                throw DiskLogException.Damaged(file.Path, 8, $"it continues from revision {reader.LastRevision}, but the segment before it ends at {LastRevision}");
            foreach (var group in Decode(reader))
                yield return group;
            PreviousSegment = i > 0 ? segments[i - 1] : null;
            (LastHeader, LastRevision) = (reader.Header, reader.LastRevision);
            Segments.Add(segments[i], reader.Offset);

            var rest = segments[(i + 1)..];
            if (IsRollUnfinished(reader, rest))
                UnfinishedSegment = rest[0];
            else if (rest.Count > 0 || !SegmentTail.IsTorn(reader))
                reader.ThrowIfDamaged();
            if (reader.Header.Format > 1 && UnfinishedSegment is null && reader.IsSealed != rest.Count > 0)
                throw reader.IsSealed ? SuccessorMissing(reader) : SealMissing(reader, rest[0]);
        }
    }

    // The rule that the order of operations in SegmentWriter.TryRoll allows. No segment of format 1 has a seal.
    private bool IsRollUnfinished(SegmentReader reader, List<long> rest)
    {
        if (rest is not [var successor] || successor != reader.LastRevision + 1 || reader.IsSealed || reader.Header.Format == 1 ||
            (reader.Damage is not null && !SegmentTail.IsTorn(reader)))
            return false;
        using var file = disk.Open(LogFiles.SegmentName(successor));
        return new FileReader(file).SkipZeros(FileHeader.CurrentBytes) == file.LengthBytes;
    }

    private static DiskLogException SuccessorMissing(SegmentReader reader)
    {
        var offset = reader.Offset - FrameHeader.Bytes;
        return DiskLogException.Damaged(
            reader.Bytes.Path, offset, $"it is sealed, so the log continues in {LogFiles.SegmentName(reader.LastRevision + 1)}, and that is missing", offset);
    }

    private static DiskLogException SealMissing(SegmentReader reader, long successor) => DiskLogException.Damaged(
        reader.Bytes.Path, reader.Offset, $"it ends without a seal, although {LogFiles.SegmentName(successor)} continues the log", reader.Offset);

    private static IEnumerable<List<RecordedChange>> Decode(SegmentReader reader)
    {
        var group = new List<RecordedChange>();
        var groupFrom = reader.Offset;
        while (reader.TryReadFrame(group))
        {
            if (group.Count < GroupChanges && reader.Offset - groupFrom < GroupBytes)
                continue;
            yield return group;
            (group, groupFrom) = (new(GroupChanges), reader.Offset);
        }

        yield return group;
    }
}
