using System.Security.Cryptography;

namespace KvStore.Storage;

/// <summary>
/// Appends frames to the last segment and begins the next one when it is full. Belongs to one thread. Once a member has
/// thrown, it must not be written to any more: nobody knows what is on the disk.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly IDisk _disk;
    private readonly DiskLogOptions _options;
    private readonly SegmentList _segments;
    private readonly FrameWriter _frames = new();

    private IDiskFile _file;
    private ulong _salt;
    private long _firstRevision;
    private long _offset;
    private long _reservedTo;

    private SegmentWriter(IDisk disk, DiskLogOptions options, SegmentList segments, IDiskFile file)
    {
        _disk = disk;
        _options = options;
        _segments = segments;
        _file = file;
    }

    /// <summary>The revision of the last commit that was appended.</summary>
    public long LastRevision { get; private set; }

    /// <summary>Bytes of frames that were appended since the writer was opened.</summary>
    public long AppendedBytes { get; private set; }

    /// <summary>How much of the segment is known to be on the disk.</summary>
    public long DurableBytes { get; private set; }

    /// <summary>Whether there is something to flush.</summary>
    public bool IsDirty => DurableBytes < _offset;

    /// <summary>Goes on behind the last frame of a segment that is on the disk up to there and ends there.</summary>
    public static SegmentWriter GoOn(IDisk disk, DiskLogOptions options, SegmentList segments, IDiskFile file, FileHeader header, long lastRevision)
    {
        var length = file.LengthBytes;
        return new SegmentWriter(disk, options, segments, file)
        {
            _salt = header.Salt,
            _firstRevision = header.Revision,
            _offset = length,
            _reservedTo = length,
            DurableBytes = length,
            LastRevision = lastRevision,
        };
    }

    /// <summary>Begins a segment for what comes after a revision.</summary>
    public static SegmentWriter Begin(IDisk disk, DiskLogOptions options, SegmentList segments, long lastRevision)
    {
        var (file, header) = Create(disk, lastRevision + 1);
        segments.Add(header.Revision, FileHeader.Bytes);
        return new SegmentWriter(disk, options, segments, file)
        {
            _salt = header.Salt,
            _firstRevision = header.Revision,
            _offset = FileHeader.Bytes,
            _reservedTo = FileHeader.Bytes,
            DurableBytes = FileHeader.Bytes,
            LastRevision = lastRevision,
        };
    }

    /// <summary>Writes commits, or a frame that says only how far the segment is durable if there are none. Does not flush.</summary>
    /// <returns>False when there is no room; then nothing of it is left behind, and a later call may succeed.</returns>
    public bool TryAppend(IReadOnlyList<Commit> commits)
    {
        var header = _frames.Measure(commits, LastRevision);
        var bytes = FrameHeader.Bytes + header.BodyBytes;
        if (_offset + bytes > _options.SegmentBytesMax && LastRevision >= _firstRevision && !TryTurn())
            return false;
        if (!TryReserve(_offset + bytes))
            return false;

        try
        {
            _frames.Write(_file, _salt, _offset, header with { DurableBytes = DurableBytes }, commits);
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

    /// <summary>Returns when all that was appended is on the disk.</summary>
    public void Flush()
    {
        _file.Flush();
        DurableBytes = _offset;
    }

    /// <summary>Leaves the segment so that the next start has nothing to mend.</summary>
    public void Finish()
    {
        if (IsDirty)
            Flush();
        if (TryAppend([]))
            _file.Truncate(_offset);
        Flush();
    }

    public void Dispose() => _file.Dispose();

    // Flushed at once: a frame that was refused must not come back behind a later one after a power cut.
    private void CutOff()
    {
        _file.Truncate(_offset);
        _reservedTo = _offset;
        Flush();
    }

    private bool TryReserve(long end)
    {
        if (end <= _reservedTo)
            return true;
        var needed = end - _reservedTo;
        if (!TryReserveBytes(Math.Max(needed, _options.ReserveBytes)) && !TryReserveBytes(needed))
            return false;
        return true;
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

    private bool TryTurn()
    {
        // The order matters because a segment that has a successor counts as whole.
        if (IsDirty)
            Flush();
        IDiskFile next;
        FileHeader header;
        try
        {
            (next, header) = Create(_disk, LastRevision + 1);
        }
        catch (DiskLogException exception) when (exception.IsNoSpace)
        {
            return false;
        }

        using var full = _file;
        var fullBytes = _offset;
        (_file, _salt, _firstRevision) = (next, header.Salt, header.Revision);
        _offset = _reservedTo = DurableBytes = FileHeader.Bytes;
        _segments.Add(header.Revision, _offset);
        full.Truncate(fullBytes);
        return true;
    }

    // Under another name until it is whole, so that a segment without a good header is always damage.
    private static (IDiskFile File, FileHeader Header) Create(IDisk disk, long firstRevision)
    {
        var name = FileNames.Of(firstRevision, FileNames.Segment);
        var header = new FileHeader(firstRevision, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));
        var file = disk.Create(name + FileNames.Unfinished);
        try
        {
            Span<byte> bytes = stackalloc byte[FileHeader.Bytes];
            header.Write(bytes, Magic);
            file.Reserve(0, FileHeader.Bytes);
            file.Write(bytes, 0);
            file.Flush();
            disk.Rename(name + FileNames.Unfinished, name);
            disk.FlushDirectory();
            return (file, header);
        }
        catch (DiskLogException exception)
        {
            file.Dispose();
            if (exception.IsNoSpace)
                disk.Delete(name + FileNames.Unfinished);
            throw;
        }
    }

    /// <summary>How a segment begins.</summary>
    public static ReadOnlySpan<byte> Magic => "KvStorSg"u8;
}
