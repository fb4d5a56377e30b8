namespace KvStore.Storage;

/// <summary>
/// Appends frames to the last segment and rolls to the next one when it is full. Belongs to one thread. After a member has
/// thrown, the writer must not be used again: what is on the disk is unknown.
/// </summary>
/// <remarks>
/// Space is reserved ahead of the end of the log. On a full disk, a frame is rejected unless <see cref="DiskLogOptions.EmergencyReserveBytes"/>
/// remain after it; a frame within that reserve may take half of what remains. Each frame tries to reserve space again, so the
/// reserve is restored as soon as there is space. Where frames are small, reserved space is filled with zeros before it is used. If a roll fails, the segment grows
/// beyond its limit.
/// </remarks>
internal sealed class SegmentWriter : IDisposable
{
    private readonly IDisk _disk;
    private readonly DiskLogOptions _options;
    private readonly SegmentList _segments;
    private readonly StoreId _store;
    private readonly FrameWriter _frames = new();

    // The segment that is appended to, and where the next frame goes.
    private IDiskFile _file;
    private FileHeader _header;
    private long _offset;
    private ReservedSpace _space;

    private bool _isDiskFull;

    // Where the segment is full; further on after a roll has failed.
    private long _rollAt;

    // The revision of a start marker that there was no space for. Nothing has been appended then.
    private long? _pendingStart;

    private SegmentWriter(IDisk disk, DiskLogOptions options, SegmentList segments, StoreId store, IDiskFile file, FileHeader header, long offset, long lastRevision)
    {
        (_disk, _options, _segments, _store, _file, _header) = (disk, options, segments, store, file, header);
        (_space, _offset, DurableBytes, _rollAt) = (new(file, options.ReserveBytes), offset, offset, options.SegmentBytesMax);
        LastRevision = lastRevision;
    }

    /// <summary>The revision of the last appended commit.</summary>
    public long LastRevision { get; private set; }

    /// <summary>Bytes of frames that this writer has appended, over all segments.</summary>
    public long AppendedBytes { get; private set; }

    /// <summary>Whether there is something to flush.</summary>
    public bool IsDirty => DurableBytes < _offset;

    /// <summary>Why the last roll failed, although there was space; null if it did not.</summary>
    public DiskLogException? RollFailure { get; private set; }

    // How much of the segment is known to be on the disk.
    private long DurableBytes { get; set; }

    /// <summary>Resumes after the last frame of a durable segment that ends there. The writer owns the file.</summary>
    public static SegmentWriter Resume(
        IDisk disk, DiskLogOptions options, SegmentList segments, StoreId store, IDiskFile file, FileHeader header, long lastRevision) =>
        new(disk, options, segments, store, file, header, file.LengthBytes, lastRevision);

    /// <summary>Begins a segment for the commits after a revision.</summary>
    /// <exception cref="DiskLogException">The segment cannot be created.</exception>
    public static SegmentWriter Begin(IDisk disk, DiskLogOptions options, SegmentList segments, StoreId store, long lastRevision)
    {
        var file = SegmentFile.TryCreate(disk, store, lastRevision + 1, 0, out var header, out var failure) ?? throw failure!;
        segments.Add(header.Revision, header.Bytes);
        return new SegmentWriter(disk, options, segments, store, file, header, header.Bytes, lastRevision);
    }

    /// <summary>Says durably that the log is open, so that the next start knows whether it was closed. Call it before anything is appended.</summary>
    /// <param name="revision">The revision at which the log continues: the last one, or a later one if commits may be lost.</param>
    /// <param name="mayWait">Whether the first frame may say it if there is no space now. Until then the log is on the disk as it was before.</param>
    /// <exception cref="DiskLogException">There is no space, or the disk failed.</exception>
    public void Start(long revision, bool mayWait)
    {
        _pendingStart = revision;
        if (!TryStart() && !mayWait)
            throw DiskLogException.NoSpace(_file.Path);
    }

    /// <summary>Writes the start marker if it is pending. Nothing can be appended before.</summary>
    /// <returns>False if there is no space for it.</returns>
    public bool TryStart()
    {
        if (_pendingStart is not { } revision)
            return true;
        var marker = FrameHeader.Marker(FrameKind.Start, LastRevision, revision);
        if (!TryWrite(marker, [], _options.EmergencyReserveBytes) && !TryWrite(marker, [], 0))
            return false;
        Flush();
        _pendingStart = null;
        return true;
    }

    /// <summary>Appends commits as one frame. Does not flush.</summary>
    /// <param name="commits">The commits.</param>
    /// <param name="isEmergency">Whether the frame may use the emergency reserve.</param>
    /// <returns>False if there is no space; then nothing of the frame remains, and a later call may succeed.</returns>
    public bool TryAppend(IReadOnlyList<Commit> commits, bool isEmergency)
    {
        var header = _frames.Measure(commits, LastRevision);
        var bytes = FrameHeader.Bytes + header.BodyBytes;

        // A segment has frames of one format.
        var isOld = _header.Format < FileHeader.CurrentFormat;
        if ((_offset + bytes > _rollAt || isOld) && !TryRoll(_options.EmergencyReserveBytes) && isOld)
            return false;

        // Half of what remains is left for the next one, and for the seal.
        if (isEmergency)
            return _space.TryReserveExactly(_offset + (2 * (bytes + FrameHeader.Bytes))) && TryWrite(header, commits, 0);
        _isDiskFull = !TryWrite(header, commits, _options.EmergencyReserveBytes);
        return !_isDiskFull;
    }

    /// <summary>
    /// Makes room for a checkpoint on a full disk, and rolls so that it covers nearly everything. A quarter of the emergency reserve is kept.
    /// </summary>
    public void PrepareCheckpoint()
    {
        var kept = _options.EmergencyReserveBytes / 4;
        if (_space.End - _offset > kept + FrameHeader.Bytes)
            _space.Release(_offset + kept + FrameHeader.Bytes);
        if (_offset > _options.EmergencyReserveBytes)
            TryRoll(kept);
    }

    /// <summary>Returns when every appended frame is on the disk.</summary>
    public void Flush()
    {
        _file.Flush();
        DurableBytes = _offset;
    }

    /// <summary>Ends the segment with a marker.</summary>
    public void Finish()
    {
        if (IsDirty)
            Flush();
        if (_pendingStart is null)
            TryWrite(FrameHeader.Marker(FrameKind.End, LastRevision, LastRevision), [], 0);

        // On a full disk, others would take it before the next start.
        if (!_isDiskFull)
            _space.Release(_offset);
        Flush();
    }

    public void Dispose() => _file.Dispose();

    private bool TryWrite(in FrameHeader header, IReadOnlyList<Commit> commits, long reserveBytes)
    {
        var bytes = FrameHeader.Bytes + header.BodyBytes;
        if (!_space.TryReserve(_offset + bytes + reserveBytes))
            return false;

        try
        {
            _frames.Write(_file, _header, _offset, header with { DurableBytes = DurableBytes }, commits);

            // Flushes by time are few, and each has so many new blocks that one mark more makes no difference.
            if (_options.FlushMode == FlushMode.Always)
                _space.ZeroAfter(_offset, _offset + bytes);
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
        _space.Release(_offset);
        Flush();
    }

    // The order matters, because a seal without a successor is damage, and so is a successor with frames after a segment without a seal:
    //   1. the frames of this segment are flushed: the name of the successor is that of the revision after them
    //   2. the successor is on the disk, under its name
    //   3. the seal is on the disk
    //   4. the first frame of the successor is written
    // A crash before step 3 is over leaves a successor without frames, which the next start deletes.
    private bool TryRoll(long reserveBytes)
    {
        // An empty segment is never rolled: the next one would have the same name.
        if (LastRevision < _header.Revision)
            return false;
        if (IsDirty)
            Flush();
        var sealedBytes = _offset + FrameHeader.Bytes;
        if (!_space.TryReserveExactly(sealedBytes))
            return FailRoll(null);
        if (SegmentFile.TryCreate(_disk, _store, LastRevision + 1, reserveBytes, out var header, out var failure) is not { } next)
            return FailRoll(failure!.IsNoSpace ? null : failure);

        if (!TryWrite(FrameHeader.Marker(FrameKind.Seal, LastRevision, LastRevision), [], 0))
        {
            // Flushed, because this segment grows: its revisions would then overlap those of a successor that reappears.
            next.Dispose();
            _disk.Delete(FileNames.Of(header.Revision, FileNames.Segment));
            _disk.FlushDirectory();
            return FailRoll(null);
        }

        Flush();
        using var full = _file;
        (_file, _header) = (next, header);
        (_space, _offset, DurableBytes) = (new(next, _options.ReserveBytes), header.Bytes, header.Bytes);
        _segments.Add(header.Revision, _offset);
        (_rollAt, RollFailure) = (_options.SegmentBytesMax, null);
        full.Truncate(sealedBytes);
        return true;
    }

    // Not tried again for each frame, because it flushes.
    private bool FailRoll(DiskLogException? failure)
    {
        (_rollAt, RollFailure) = (_offset + (_options.SegmentBytesMax / 16), failure);
        return false;
    }
}
