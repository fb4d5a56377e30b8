namespace KvStore.Storage;

/// <summary>
/// Tells what a power cut leaves behind from damage, at the end of the last segment, and mends the former.
/// </summary>
/// <remarks>
/// A power cut loses whole sectors of what was not flushed; they then read as zeros or lie behind the end. So the tail may be
/// cut if such a sector explains what does not check, and if no later frame says that this place was on the disk before
/// it. Anything else was once acknowledged and is damage.
/// </remarks>
internal static class SegmentTail
{
    private const int SectorBytes = 512;
    private const int CopyBytes = 1 << 20;

    /// <summary>Reads a segment to the last frame that is whole.</summary>
    /// <exception cref="DiskLogException">What follows is damage.</exception>
    public static SegmentReader ReadToTail(IDiskFile file, long firstRevision, LoadProgress progress)
    {
        var reader = new SegmentReader(file, firstRevision, decoder: null);
        while (reader.TryReadFrame([]))
            progress.ThrowIfCancelled();
        if (reader.Damage is { } damage && !IsTorn(reader, damage))
            throw DiskLogException.Damaged(file.Path, damage.Offset, damage.Reason, reader.Offset);
        return reader;
    }

    /// <summary>Makes what was read all that the segment holds, and makes sure that it is on the disk.</summary>
    /// <returns>How many bytes were cut off that a crash had left unfinished.</returns>
    public static long Mend(IDiskFile file, SegmentReader reader)
    {
        var cut = CutBytes(reader);
        if (reader.Bytes.LengthBytes > reader.Offset)
            file.Truncate(reader.Offset);

        // Written once more because the process before this one may have ended after a failed flush: the system then takes
        // pages for clean that never reached the disk.
        var bytes = new byte[(int)Math.Min(CopyBytes, reader.Offset - reader.DurableBytes)];
        for (var offset = reader.DurableBytes; offset < reader.Offset; offset += bytes.Length)
        {
            var count = file.Read(bytes.AsSpan(0, (int)Math.Min(bytes.Length, reader.Offset - offset)), offset);
            file.Write(bytes.AsSpan(0, count), offset);
        }

        file.Flush();
        return cut;
    }

    /// <summary>Bytes behind the last whole frame, without the zeros of room that was reserved.</summary>
    public static long CutBytes(SegmentReader reader)
    {
        var last = reader.Offset;
        for (var offset = reader.Bytes.SkipZeros(last); offset < reader.Bytes.LengthBytes; offset = reader.Bytes.SkipZeros(offset + 1))
            last = offset + 1;
        return last - reader.Offset;
    }

    /// <summary>Whether a power cut explains what is wrong behind the last whole frame of the last segment.</summary>
    public static bool IsTorn(SegmentReader reader, Damage damage) =>
        HasLostSector(reader, damage) && !HasLaterFrameThatSaysDurable(reader);

    private static bool HasLostSector(SegmentReader reader, Damage damage)
    {
        if (damage.SuspectTo > reader.Bytes.LengthBytes)
            return true;
        for (var from = damage.SuspectFrom; from < damage.SuspectTo;)
        {
            var next = (from / SectorBytes + 1) * SectorBytes;

            // From the frame's start on, because what lies before it in the sector was there when the frame was written.
            var start = Math.Max(next - SectorBytes, reader.Offset);
            if (reader.Bytes.SkipZeros(start) >= Math.Min(next, reader.Bytes.LengthBytes))
                return true;
            from = next;
        }

        return false;
    }

    private static bool HasLaterFrameThatSaysDurable(SegmentReader reader)
    {
        var bytes = reader.Bytes;
        for (var offset = reader.Offset + 1; bytes.LengthBytes - offset >= FrameHeader.Bytes;)
        {
            bytes.TryRead(offset, (int)Math.Min(bytes.LengthBytes - offset, CopyBytes), out var window);
            var at = window.IndexOf(FrameHeader.Magic);
            if (at < 0)
            {
                offset += window.Length - FrameHeader.Magic.Length + 1;
                continue;
            }

            offset += at;
            if (bytes.TryRead(offset, FrameHeader.Bytes, out var header) &&
                FrameHeader.TryRead(header, reader.Header.Salt, offset, out var frame) && frame.DurableBytes > reader.Offset)
                return true;
            offset++;
        }

        return false;
    }
}
