namespace KvStore.Storage;

/// <summary>Distinguishes a torn tail from damage at the end of the last segment, and cuts it off.</summary>
/// <remarks>
/// A power cut loses whole sectors of what was not flushed; they then read as zeros or lie beyond the end of the file. The
/// tail is therefore torn if a lost sector explains the check that failed, and no later frame has a durable offset beyond that point.
/// Anything else may have been acknowledged and is damage.
/// </remarks>
internal static class SegmentTail
{
    private const int SectorBytes = 512;
    private const int CopyBytes = 1 << 20;

    /// <summary>Reads a segment up to its last complete frame.</summary>
    /// <exception cref="DiskLogException">What follows is damage.</exception>
    public static SegmentReader Read(IDiskFile file, long firstRevision, CancellationToken cancellationToken)
    {
        var reader = new SegmentReader(file, firstRevision, decoder: null);
        while (reader.TryReadFrame([]))
            cancellationToken.ThrowIfCancellationRequested();
        if (!IsTorn(reader))
            reader.ThrowIfDamaged();
        return reader;
    }

    /// <summary>Ends the segment after its last complete frame and makes it durable.</summary>
    /// <returns>Bytes of the torn tail that was cut off.</returns>
    public static long Cut(IDiskFile file, SegmentReader reader)
    {
        var tornBytes = TornBytes(reader);
        if (reader.Bytes.LengthBytes > reader.Offset)
            file.Truncate(reader.Offset);

        // Rewritten because the previous process may have ended after a failed flush: the kernel then takes pages for clean
        // that never reached the disk.
        var bytes = new byte[(int)Math.Min(CopyBytes, reader.Offset - reader.DurableBytes)];
        for (var offset = reader.DurableBytes; offset < reader.Offset; offset += bytes.Length)
        {
            var count = file.Read(bytes.AsSpan(0, (int)Math.Min(bytes.Length, reader.Offset - offset)), offset);
            file.Write(bytes.AsSpan(0, count), offset);
        }

        file.Flush();
        return tornBytes;
    }

    /// <summary>Bytes after the last complete frame, without the zeros of reserved space.</summary>
    public static long TornBytes(SegmentReader reader)
    {
        var last = reader.Offset;
        for (var offset = reader.Bytes.SkipZeros(last); offset < reader.Bytes.LengthBytes; offset = reader.Bytes.SkipZeros(offset + 1))
            last = offset + 1;
        return last - reader.Offset;
    }

    /// <summary>Whether a power cut explains what is wrong after the last complete frame of the last segment.</summary>
    public static bool IsTorn(SegmentReader reader) =>
        reader.Damage is { } damage && HasLostSector(reader, damage) && !HasLaterDurableFrame(reader);

    private static bool HasLostSector(SegmentReader reader, Damage damage)
    {
        if (damage.SuspectTo > reader.Bytes.LengthBytes)
            return true;
        for (var from = damage.SuspectFrom; from < damage.SuspectTo;)
        {
            var next = (from / SectorBytes + 1) * SectorBytes;

            // From the start of the frame, because what precedes it in the sector was there when the frame was written.
            var start = Math.Max(next - SectorBytes, reader.Offset);
            if (reader.Bytes.SkipZeros(start) >= Math.Min(next, reader.Bytes.LengthBytes))
                return true;
            from = next;
        }

        return false;
    }

    private static bool HasLaterDurableFrame(SegmentReader reader)
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
