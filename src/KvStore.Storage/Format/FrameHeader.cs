namespace KvStore.Storage;

/// <summary>Precedes the records of one batch in a segment; see docs/storage-format.md.</summary>
/// <param name="Records">The number of records; in a marker, its <see cref="FrameKind"/>.</param>
/// <param name="BodyBytes">The length of the records.</param>
/// <param name="PreviousRevision">The last revision before this frame. A missing frame breaks this chain.</param>
/// <param name="LastRevision">The last revision in this frame. In a marker it is the previous one, except that a start may continue at a later one.</param>
/// <param name="DurableBytes">How many bytes of the segment were flushed before this frame was written.</param>
/// <param name="ZeroSectors">How many sectors of this frame were written as zeros. More of them mean that a power cut lost some.</param>
internal readonly record struct FrameHeader(
    int Records, long BodyBytes, long PreviousRevision, long LastRevision, long DurableBytes, long ZeroSectors = 0)
{
    public const int Bytes = 48;

    // Format 1 does not count the sectors of zeros.
    private const int Format1Bytes = 44;

    // Far above the size of any file, and no sum with an offset overflows.
    private const long BodyBytesMax = 1L << 60;

    /// <summary>Why no log has written this header, although its checksum matches; null if one can have.</summary>
    public string? FindProblem()
    {
        var isPossible = BodyBytes is >= 0 and <= BodyBytesMax && LastRevision <= StoredFields.RevisionMax && Kind switch
        {
            FrameKind.Batch => LastRevision > PreviousRevision,
            FrameKind.Start => LastRevision >= PreviousRevision && BodyBytes == 0,
            FrameKind.End or FrameKind.Seal => LastRevision == PreviousRevision && BodyBytes == 0,
            _ => false,
        };
        return isPossible ? null : "a frame's header has impossible numbers";
    }

    /// <summary>The header of a marker, with a durable offset of 0.</summary>
    public static FrameHeader Marker(FrameKind kind, long previousRevision, long lastRevision) => new((int)kind, 0, previousRevision, lastRevision, 0);

    public FrameKind Kind => Records > 0 ? FrameKind.Batch : (FrameKind)Records;

    /// <summary>The length of a header in a segment of a format.</summary>
    public static int BytesIn(in FileHeader segment) => segment.Format == 1 ? Format1Bytes : Bytes;

    /// <summary>The durable offset in bytes that may be a header.</summary>
    public static long DurableBytesIn(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadInt64LittleEndian(header[32..]);

    public void Write(Span<byte> header, in FileHeader segment, long offset)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, segment.FrameMark);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Records);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], BodyBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], PreviousRevision);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], LastRevision);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], DurableBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], checked((uint)ZeroSectors));
        BinaryPrimitives.WriteUInt32LittleEndian(header[44..], Checksum.Of(segment.Salt, offset, header[..44]));
    }

    /// <summary>Decodes a header; false if the bytes are not a header that was written at this offset.</summary>
    public static bool TryRead(ReadOnlySpan<byte> header, in FileHeader segment, long offset, out FrameHeader found)
    {
        found = default;
        var fields = header[..(BytesIn(segment) - sizeof(uint))];
        if (BinaryPrimitives.ReadUInt32LittleEndian(fields) != segment.FrameMark ||
            BinaryPrimitives.ReadUInt32LittleEndian(header[fields.Length..]) != Checksum.Of(segment.Salt, offset, fields))
            return false;
        found = new FrameHeader(
            BinaryPrimitives.ReadInt32LittleEndian(fields[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[24..]),
            DurableBytesIn(fields),
            segment.Format == 1 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(fields[40..]));
        return true;
    }
}
