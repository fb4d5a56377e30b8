namespace KvStore.Storage;

/// <summary>
/// Appends frames to the last segment and rolls to the next one when it is full. Belongs to one thread. After a member has
/// thrown, the writer must not be used again: what is on the disk is unknown.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly IDisk _disk;
    private readonly DiskLogOptions _options;
    private readonly SegmentList _segments;
    private readonly StoreId _store;
    private readonly FrameWriter _frames = new();

    // The segment that is appended to: where the next frame goes, and how far space is reserved.
    private IDiskFile _file;
    private FileHeader _header;
    private long _offset;
    private long _reservedTo;

    private SegmentWriter(IDisk disk, DiskLogOptions options, SegmentList segments, StoreId store, IDiskFile file, FileHeader header, long lastRevision)
    {
        (_disk, _options, _segments, _store, _file, _header) = (disk, options, segments, store, file, header);
        _offset = _reservedTo = DurableBytes = file.LengthBytes;
        LastRevision = lastRevision;
    }

    /// <summary>The revision of the last appended commit.</summary>
    public long LastRevision { get; private set; }

    /// <summary>Bytes of frames that this writer has appended, over all segments.</summary>
    public long AppendedBytes { get; private set; }

    /// <summary>Whether there is something to flush.</summary>
    public bool IsDirty => DurableBytes < _offset;

    // How much of the segment is known to be on the disk.
    private long DurableBytes { get; set; }

    /// <summary>Resumes after the last frame of a durable segment that ends there. The writer owns the file.</summary>
    public static SegmentWriter Resume(
        IDisk disk, DiskLogOptions options, SegmentList segments, StoreId store, IDiskFile file, FileHeader header, long lastRevision) =>
        new(disk, options, segments, store, file, header, lastRevision);

    /// <summary>Begins a segment for the commits after a revision.</summary>
    public static SegmentWriter Begin(IDisk disk, DiskLogOptions options, SegmentList segments, StoreId store, long lastRevision)
    {
        var file = SegmentFile.Create(disk, store, lastRevision + 1, out var header);
        segments.Add(header.Revision, header.Bytes);
        return new SegmentWriter(disk, options, segments, store, file, header, lastRevision);
    }

    /// <summary>Says durably that the log is open, so that the next start knows whether it was closed. Call it before anything is appended.</summary>
    /// <param name="revision">The revision at which the log continues: the last one, or a later one if commits may be lost.</param>
    /// <exception cref="DiskLogException">There is no space, or the disk failed.</exception>
    public void Start(long revision)
    {
        if (!TryWrite(FrameHeader.Marker(FrameKind.Start, LastRevision, revision), []))
            throw DiskLogException.NoSpace(_file.Path);
        Flush();
    }

    /// <summary>Appends commits as one frame. Does not flush.</summary>
    /// <returns>False if there is no space; then nothing of the frame remains, and a later call may succeed.</returns>
    public bool TryAppend(IReadOnlyList<Commit> commits)
    {
        var header = _frames.Measure(commits, LastRevision);
        var bytes = FrameHeader.Bytes + header.BodyBytes;

        // An empty segment is never rolled: the next one would have the same name.
        if ((_offset + bytes > _options.SegmentBytesMax || _header.Format < FileHeader.CurrentFormat) && LastRevision >= _header.Revision && !TryRoll())
            return false;
        return TryWrite(header, commits);
    }

    /// <summary>Returns when every appended frame is on the disk.</summary>
    public void Flush()
    {
        _file.Flush();
        DurableBytes = _offset;
    }

    /// <summary>Ends the segment with a marker and without reserved space, so that the next start has nothing to cut off.</summary>
    public void Finish()
    {
        if (IsDirty)
            Flush();
        if (TryWrite(FrameHeader.Marker(FrameKind.End, LastRevision, LastRevision), []))
            _file.Truncate(_offset);
        Flush();
    }

    public void Dispose() => _file.Dispose();

    private bool TryWrite(in FrameHeader header, IReadOnlyList<Commit> commits)
    {
        var bytes = FrameHeader.Bytes + header.BodyBytes;
        if (!TryReserve(_offset + bytes))
            return false;

        try
        {
            _frames.Write(_file, _header, _offset, header with { DurableBytes = DurableBytes }, commits);
        }
        catch (DiskLogException exception) when (exception.IsNoSpace)
        {
            CutOff();
            return false;
        }

        _offset += bytes;
        AppendedBytes += bytes;
        LastRevision = header.LastRevision;
        _segments.Grow(_offset);
        return true;
    }

    // Flushed at once: a rejected frame must not reappear after a later one when the power fails.
    private void CutOff()
    {
        _file.Truncate(_offset);
        _reservedTo = _offset;
        Flush();
    }

    // On a disk that is nearly full, the frame alone may fit when the configured reserve does not.
    private bool TryReserve(long end)
    {
        var needed = end - _reservedTo;
        return needed <= 0 || TryReserveBytes(Math.Max(needed, _options.ReserveBytes)) || TryReserveBytes(needed);
    }

    private bool TryReserveBytes(long bytes)
    {
        try
        {
            _file.Reserve(_reservedTo, bytes);
            _reservedTo += bytes;
            return true;
        }
        catch (DiskLogException exception) when (exception.IsNoSpace)
        {
            return false;
        }
    }

    // The order matters, because a seal without a successor is damage, and so is a successor with frames after a segment without a seal:
    //   1. the frames of this segment are flushed: the name of the successor is that of the revision after them
    //   2. the successor is on the disk, under its name
    //   3. the seal is on the disk
    //   4. the first frame of the successor is written
    // A crash before step 3 is over leaves a successor without frames, which the next start deletes.
    private bool TryRoll()
    {
        if (IsDirty)
            Flush();
        var sealedBytes = _offset + FrameHeader.Bytes;
        if (sealedBytes > _reservedTo && !TryReserveBytes(sealedBytes - _reservedTo))
            return false;
        IDiskFile next;
        FileHeader header;
        try
        {
            next = SegmentFile.Create(_disk, _store, LastRevision + 1, out header);
        }
        catch (DiskLogException exception) when (exception.IsNoSpace)
        {
            return false;
        }

        if (!TryWrite(FrameHeader.Marker(FrameKind.Seal, LastRevision, LastRevision), []))
        {
            // Flushed, because this segment grows: its revisions would then overlap those of a successor that reappears.
            next.Dispose();
            _disk.Delete(FileNames.Of(header.Revision, FileNames.Segment));
            _disk.FlushDirectory();
            return false;
        }

        Flush();
        using var full = _file;
        (_file, _header) = (next, header);
        _offset = _reservedTo = DurableBytes = header.Bytes;
        _segments.Add(header.Revision, _offset);
        full.Truncate(sealedBytes);
        return true;
    }
}
