namespace KvStore.Storage;

/// <summary>Distinguishes a torn tail from damage at the end of the last segment, and cuts it off.</summary>
/// <remarks>
/// A power cut loses whole sectors of what was not flushed; they then read as zeros or lie beyond the end of the file. The
/// tail is therefore torn if a lost sector explains the check that failed, and no later frame has a durable offset beyond that point.
/// Anything else may have been acknowledged and is damage. Every step reads the tail once, whatever clients have written to it.
/// </remarks>
internal sealed class SegmentTail
{
    private const int CopyBytes = 1 << 20;

    private readonly SegmentReader _reader;

    private SegmentTail(SegmentReader reader, TornTail? torn) => (_reader, Torn) = (reader, torn);

    /// <summary>What is torn; null if only zeros follow the last complete frame.</summary>
    public TornTail? Torn { get; }

    /// <summary>Whether the segment has no complete frame.</summary>
    public bool IsEmpty => _reader.LastKind is null;

    /// <summary>Whether the log was closed cleanly after the last complete frame.</summary>
    public bool IsClosed => _reader.IsClosed;

    /// <summary>Reads a segment up to its last complete frame.</summary>
    /// <exception cref="DiskLogException">What follows is damage.</exception>
    public static SegmentTail Read(IDiskFile file, long firstRevision, LoadProgress progress)
    {
        progress.Expect(file.LengthBytes);
        var reader = new SegmentReader(file, firstRevision, decoder: null, progress);
        var changes = new List<RecordedChange>();
        while (reader.TryReadFrame(changes))
        {
        }

        if (!IsTorn(reader))
            reader.ThrowIfDamaged();
        return new SegmentTail(reader, reader.Damage is { } damage ? TornOf(reader, damage) : null);
    }

    /// <summary>Ends the segment after its last complete frame and makes it durable.</summary>
    public void Cut(IDiskFile file)
    {
        var reader = _reader;
        if (reader.Bytes.LengthBytes > reader.Offset)
            file.Truncate(reader.Offset);

        // Rewritten because the previous process may have ended after a failed flush: the kernel then takes pages for clean
        // that never reached the disk, among them the end of the page that a cut has cleared.
        var bytes = new byte[(int)Math.Min(CopyBytes, reader.Offset - reader.DurableBytes)];
        for (var offset = reader.DurableBytes; offset < reader.Offset; offset += bytes.Length)
        {
            var count = file.Read(bytes.AsSpan(0, (int)Math.Min(bytes.Length, reader.Offset - offset)), offset);
            file.Write(bytes.AsSpan(0, count), offset);
        }

        file.Flush();
    }

    /// <summary>Whether a power cut explains what is wrong after the last complete frame of the last segment.</summary>
    public static bool IsTorn(SegmentReader reader) =>
        reader.Damage is { } damage && HasLostSector(reader.Bytes, damage) && !HasLaterDurableFrame(reader);

    // Without the zeros of reserved space.
    private static TornTail TornOf(SegmentReader reader, Damage damage) =>
        new(reader.Bytes.Path, reader.Offset, reader.Bytes.EndBeforeZeros(reader.Offset) - reader.Offset, damage.Reason);

    private static bool HasLostSector(FileReader bytes, Damage damage)
    {
        if (damage.SuspectTo > bytes.LengthBytes)
            return true;
        var zeros = new ZeroSectorCount(damage.SuspectFrom);
        for (var offset = damage.SuspectFrom; offset < damage.SuspectTo; offset += FileReader.BlockBytes)
        {
            if (bytes.TryRead(offset, (int)Math.Min(damage.SuspectTo - offset, FileReader.BlockBytes), out var block))
                zeros.Add(block);
        }

        return zeros.Value > damage.ZeroSectors;
    }

    private static bool HasLaterDurableFrame(SegmentReader reader)
    {
        var (bytes, headerBytes) = (reader.Bytes, FrameHeader.BytesIn(reader.Header));
        Span<byte> mark = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(mark, reader.Header.FrameMark);
        for (var offset = reader.NextOffset; bytes.LengthBytes - offset >= headerBytes;)
        {
            var count = (int)Math.Min(bytes.LengthBytes - offset, FileReader.BlockBytes);
            if (!bytes.TryRead(offset, count, out var block))
                return false;

            // The next block begins with what is too short for a header in this one.
            var (at, last) = (0, count - headerBytes);
            while (block[at..(last + mark.Length)].IndexOf(mark) is >= 0 and var skipped)
            {
                at += skipped;

                // The checksum last: values may be full of marks.
                var header = block[at..];
                if (FrameHeader.DurableBytesIn(header) is var durable && durable > reader.Offset && durable <= offset + at &&
                    FrameHeader.TryRead(header, reader.Header, offset + at, out _))
                    return true;
                at++;
            }

            offset += last + 1;
        }

        return false;
    }
}
