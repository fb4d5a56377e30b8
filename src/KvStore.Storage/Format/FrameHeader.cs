namespace KvStore.Storage;

/// <summary>Precedes the records of one batch in a segment; see docs/storage-format.md.</summary>
/// <param name="Records">The number of records; 0 in a marker.</param>
/// <param name="BodyBytes">The length of the records.</param>
/// <param name="PreviousRevision">The last revision before this frame. A missing frame breaks this chain.</param>
/// <param name="LastRevision">The last revision in this frame; in a marker, the previous one.</param>
/// <param name="DurableBytes">How many bytes of the segment were flushed before this frame was written.</param>
internal readonly record struct FrameHeader(int Records, long BodyBytes, long PreviousRevision, long LastRevision, long DurableBytes)
{
    public const int Bytes = 44;

    /// <summary>The first bytes of a frame. One flipped bit makes none of them zero, so damage never looks like the end of the log.</summary>
    public static ReadOnlySpan<byte> Magic => "frm1"u8;

    public void Write(Span<byte> header, ulong salt, long offset)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Records);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], BodyBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], PreviousRevision);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], LastRevision);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], DurableBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], Checksum.Of(salt, offset, header[..40]));
    }

    /// <summary>Decodes a header; false if the bytes are not a header that was written at this offset.</summary>
    public static bool TryRead(ReadOnlySpan<byte> header, ulong salt, long offset, out FrameHeader found)
    {
        found = default;
        if (!header.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(header[40..]) != Checksum.Of(salt, offset, header[..40]))
            return false;
        found = new FrameHeader(
            BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[32..]));
        return true;
    }
}
