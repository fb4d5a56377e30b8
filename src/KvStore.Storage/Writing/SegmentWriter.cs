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
    private readonly FrameWriter _frames = new();

    // The segment that is appended to: where the next frame goes, and how far space is reserved.
    private IDiskFile _file;
    private FileHeader _header;
    private long _offset;
    private long _reservedTo;

    private SegmentWriter(IDisk disk, DiskLogOptions options, SegmentList segments, IDiskFile file, FileHeader header, long lastRevision)
    {
        (_disk, _options, _segments, _file, _header) = (disk, options, segments, file, header);
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
    public static SegmentWriter Resume(IDisk disk, DiskLogOptions options, SegmentList segments, IDiskFile file, FileHeader header, long lastRevision) =>
        new(disk, options, segments, file, header, lastRevision);

    /// <summary>Begins a segment for the commits after a revision.</summary>
    public static SegmentWriter Begin(IDisk disk, DiskLogOptions options, SegmentList segments, long lastRevision)
    {
        var file = SegmentFile.Create(disk, lastRevision + 1, out var header);
        segments.Add(header.Revision, FileHeader.Bytes);
        return new SegmentWriter(disk, options, segments, file, header, lastRevision);
    }

    /// <summary>Appends commits as one frame, or a marker if there are none. Does not flush.</summary>
    /// <returns>False if there is no space; then nothing of the frame remains, and a later call may succeed.</returns>
    public bool TryAppend(IReadOnlyList<Commit> commits)
    {
        var header = _frames.Measure(commits, LastRevision);
        var bytes = FrameHeader.Bytes + header.BodyBytes;

        // An empty segment is never rolled: the next one would have the same name.
        if (_offset + bytes > _options.SegmentBytesMax && LastRevision >= _header.Revision && !TryRoll())
            return false;
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
        if (TryAppend([]))
            _file.Truncate(_offset);
        Flush();
    }

    public void Dispose() => _file.Dispose();

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

    private bool TryRoll()
    {
        // Flushed first, because recovery takes a segment that has a successor for complete.
        if (IsDirty)
            Flush();
        IDiskFile next;
        FileHeader header;
        try
        {
            next = SegmentFile.Create(_disk, LastRevision + 1, out header);
        }
        catch (DiskLogException exception) when (exception.IsNoSpace)
        {
            return false;
        }

        using var full = _file;
        var fullBytes = _offset;
        (_file, _header) = (next, header);
        _offset = _reservedTo = DurableBytes = FileHeader.Bytes;
        _segments.Add(header.Revision, _offset);
        full.Truncate(fullBytes);
        return true;
    }
}
