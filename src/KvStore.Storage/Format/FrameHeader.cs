using System.Buffers.Binary;

namespace KvStore.Storage;

/// <summary>What precedes the records of one batch in a segment; see docs/storage-format.md.</summary>
/// <param name="Records">How many records follow.</param>
/// <param name="BodyBytes">How many bytes they take.</param>
/// <param name="PreviousRevision">The last revision before this frame: a missing frame breaks the chain.</param>
/// <param name="LastRevision">The revision of the last commit in this frame; the previous one if there is none.</param>
/// <param name="DurableBytes">How many bytes of the segment were flushed before this frame was written.</param>
internal readonly record struct FrameHeader(int Records, long BodyBytes, long PreviousRevision, long LastRevision, long DurableBytes)
{
    public const int Bytes = 44;

    /// <summary>How a frame begins. No byte of it becomes zero by one flipped bit, so a damaged frame is not taken for an absent one.</summary>
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

    /// <summary>Reads a header; false when the bytes are not one that was written at this place.</summary>
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
