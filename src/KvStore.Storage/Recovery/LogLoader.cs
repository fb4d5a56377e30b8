namespace KvStore.Storage;

/// <summary>
/// Loads the newest checkpoint and every later commit into the follower. A check that fails is damage, and the load ends with it.
/// Belongs to one thread.
/// </summary>
/// <remarks>Verification changes nothing: the last segment may have a torn tail, and what precedes damage is loaded before it is reported.</remarks>
internal sealed class LogLoader(IDisk disk, DiskLogOptions options, ICommitFollower follower, LoadProgress progress, bool isVerifying)
{
    // What one thread passes to the other at a time; a frame is passed as a whole.
    private const int GroupChanges = 4096;
    private const long GroupBytes = 4 << 20;

    private readonly Replay _replay = new(follower, options);

    /// <summary>The segments that were read.</summary>
    public SegmentList Segments { get; } = new();

    /// <summary>The header of the last segment.</summary>
    public FileHeader LastHeader { get; private set; }

    /// <summary>The last revision of the segments.</summary>
    public long LastRevision { get; private set; }

    /// <summary>The size of the newest checkpoint; 0 without one.</summary>
    public long CheckpointBytes { get; private set; }

    /// <summary>Loads everything. Without segments, a checkpoint alone is a complete log: that is what a backup is.</summary>
    /// <exception cref="DiskLogException">The log is damaged or cannot be read.</exception>
    public void Load(LogFiles files)
    {
        if (files.CheckpointRevision > 0)
        {
            using var file = disk.Open(FileNames.Of(files.CheckpointRevision, FileNames.Checkpoint));
            CheckpointBytes = file.LengthBytes;
            progress.Expect(CheckpointBytes);
        }

        try
        {
            // The segments first, so that their changes are merged into the checkpoint in one pass while it is read.
            if (files.Segments.Count > 0)
                ReadSegments(files);
        }
        catch (DiskLogException) when (isVerifying)
        {
            LoadCheckpoint(files.CheckpointRevision);
            throw;
        }

        LoadCheckpoint(files.CheckpointRevision);
    }

    private void LoadCheckpoint(long revision)
    {
        if (revision == 0)
        {
            _replay.Finish(0, []);
            return;
        }

        using var file = disk.Open(FileNames.Of(revision, FileNames.Checkpoint));
        var groups = CheckpointReader.Read(file, revision, progress.Advance);
        _replay.Finish(revision, ReadAhead.Of(groups, CheckpointBytes).SelectMany(group => group));
    }

    private void ReadSegments(LogFiles files)
    {
        var segments = files.Segments[files.FirstUncovered(disk)..];
        foreach (var firstRevision in segments)
        {
            using var file = disk.Open(FileNames.Of(firstRevision, FileNames.Segment));
            Segments.Add(firstRevision, file.LengthBytes);
        }

        progress.Expect(Segments.Bytes);
        LastRevision = segments[0] - 1;
        foreach (var changes in ReadAhead.Of(Decode(segments), Segments.Bytes))
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
        foreach (var firstRevision in segments)
        {
            using var file = disk.Open(FileNames.Of(firstRevision, FileNames.Segment));
            var reader = new SegmentReader(file, firstRevision, decoder, progress);
            if (reader.LastRevision != LastRevision)
                throw DiskLogException.Damaged(file.Path, 8, $"it continues from revision {reader.LastRevision}, but the segment before it ends at {LastRevision}");
            foreach (var group in Decode(reader, mayBeTorn: isVerifying && firstRevision == segments[^1]))
                yield return group;
            (LastHeader, LastRevision) = (reader.Header, reader.LastRevision);
        }
    }

    private static IEnumerable<List<RecordedChange>> Decode(SegmentReader reader, bool mayBeTorn)
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
        if (!mayBeTorn || !SegmentTail.IsTorn(reader))
            reader.ThrowIfDamaged();
    }
}
