namespace KvStore.Storage;

/// <summary>How a directory came by its data.</summary>
internal enum LogOrigin
{
    /// <summary>It has none: a store begins.</summary>
    Empty,

    /// <summary>Version 0.1.0 wrote it, which gave a store no id.</summary>
    Upgrade,

    /// <summary>It has a checkpoint alone: a backup that is restored.</summary>
    Backup,

    /// <summary>It has the file of its store.</summary>
    Store,
}

/// <summary>A directory that is going to be loaded: its files, without those that do not count, and its store.</summary>
internal sealed record LogDirectory(LogFiles Files, StoreIdentity Store, LogOrigin Origin)
{
    /// <summary>Reads which store the directory has. Changes nothing.</summary>
    /// <exception cref="DiskLogException">The directory is damaged, or has files of others.</exception>
    public static LogDirectory Read(IDisk disk)
    {
        var files = LogFiles.Find(disk);
        files.ThrowIfForeign(disk);
        return files.HasStoreFile ? OfStore(disk, files) : WithoutStore(disk, files);
    }

    /// <summary>The ids in the headers of all files, except those that cannot be read and the files of format 1.</summary>
    public static IEnumerable<StoreId> IdsOf(IDisk disk, LogFiles files) =>
        files.Segments.Select(revision => SegmentHeader(disk, revision))
            .Concat(files.Checkpoints.Select(revision => CheckpointHeader(disk, revision)))
            .Where(header => header.Store != default).Select(header => header.Store).Distinct();

    private static LogDirectory OfStore(IDisk disk, LogFiles files)
    {
        var store = StoreFile.Read(disk);
        var missing = files.Segments.Count == 0 ? "every store has a segment, and there is none beside this file"
            : SegmentHeader(disk, files.Segments[^1]).Format == 1 ? $"the segments after {LogFiles.SegmentName(files.Segments[^1])} are missing: this file is newer than its format"
            : null;
        return missing is null ? new LogDirectory(files, store, LogOrigin.Store) : throw DiskLogException.Damaged(disk.PathOf(StoreFile.Name), null, missing);
    }

    // The file of the store is written last, before anything is served. Without it, a segment in the present format without commits is
    // therefore what a start left that never ended: it does not count.
    private static LogDirectory WithoutStore(IDisk disk, LogFiles files)
    {
        if (files.Segments.Count > 0 && SegmentHeader(disk, files.Segments[^1]).Store != default && !HasCommits(disk, files.Segments[^1]))
        {
            files = files with
            {
                Segments = files.Segments[..^1],
                Unfinished = [.. files.Unfinished, LogFiles.SegmentName(files.Segments[^1])],
            };
        }

        if (files.HasNoLog)
            return new LogDirectory(files, New(), LogOrigin.Empty);
        if (files.Segments.Count > 0)
        {
            return IdsOf(disk, files).FirstOrDefault() is var id && id == default
                ? new LogDirectory(files, New(), LogOrigin.Upgrade)
                : throw DiskLogException.Damaged(disk.PathOf(StoreFile.Name), null, $"it is missing beside the files of store {id}");
        }

        var ids = IdsOf(disk, files).ToList();
        return ids.Count < 2
            ? new LogDirectory(files, ids is [var kept] ? new StoreIdentity(kept, []) : New(), LogOrigin.Backup)
            : throw DiskLogException.Damaged(
                disk.PathOf(LogFiles.CheckpointName(files.CheckpointRevision)), null, $"there are checkpoints of the stores {ids[0]} and {ids[1]}, and a backup is one checkpoint");
    }

    private static StoreIdentity New() => new(StoreId.Create(), []);

    private static bool HasCommits(IDisk disk, long firstRevision)
    {
        using var file = disk.Open(LogFiles.SegmentName(firstRevision));
        var reader = new SegmentReader(file, firstRevision, decoder: null, new LoadProgress(CancellationToken.None));
        while (reader.TryReadFrame([]))
        {
            if (reader.LastKind == FrameKind.Batch)
                return true;
        }

        // The first marker may be torn; anything longer is more than that.
        return reader.Bytes.EndBeforeZeros(reader.Offset) > reader.Offset + FrameHeader.Bytes;
    }

    private static FileHeader SegmentHeader(IDisk disk, long firstRevision) =>
        Header(disk, LogFiles.SegmentName(firstRevision), SegmentFile.Magic, firstRevision);

    private static FileHeader CheckpointHeader(IDisk disk, long revision) =>
        Header(disk, LogFiles.CheckpointName(revision), CheckpointWriter.Magic, revision);

    // A damaged header is found by the load, which reports what precedes it.
    private static FileHeader Header(IDisk disk, string name, ReadOnlySpan<byte> magic, long revision)
    {
        using var file = disk.Open(name);
        try
        {
            return FileHeader.Read(file, magic, revision);
        }
        catch (DiskLogException exception) when (exception.Problem == DiskLogProblem.Damaged)
        {
            return default;
        }
    }
}
