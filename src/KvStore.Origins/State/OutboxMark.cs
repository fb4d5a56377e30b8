using System.Buffers.Binary;
using System.Text;

namespace KvStore.Origins;

/// <summary>
/// The record <c>\0outbox/{key}</c>: the origin has yet to get what the key is. Every write of the key puts it in its own commit, so its revision is that of the last write.
/// </summary>
/// <param name="IsParked">Whether it is not delivered until the key is written again, or someone asks for it.</param>
/// <param name="SinceMilliseconds">Since when the origin has not had what the key is, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="Reason">Why it is parked, as a sentence without secrets; empty if it is not.</param>
/// <remarks>As bytes, with the number in little-endian: format, 1 (1); 1 if it is parked, else 0 (1); since (8); the reason up to the end, in UTF-8.</remarks>
internal readonly record struct OutboxMark(bool IsParked, long SinceMilliseconds, string Reason)
{
    /// <summary>The longest reason; of a longer one the beginning is kept.</summary>
    public const int ReasonLengthMax = 500;

    private const byte Format = 1;
    private const int HeadBytes = 2 + sizeof(long);

    /// <summary>The record as bytes.</summary>
    public byte[] ToBytes()
    {
        var reason = Encoding.UTF8.GetBytes(Reason.Length <= ReasonLengthMax ? Reason : Reason[..ReasonLengthMax]);
        var bytes = new byte[HeadBytes + reason.Length];
        (bytes[0], bytes[1]) = (Format, IsParked ? (byte)1 : (byte)0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2), SinceMilliseconds);
        reason.CopyTo(bytes, HeadBytes);
        return bytes;
    }

    /// <summary>Reads a record. That it is there is what counts: one that this version does not understand waits for its delivery.</summary>
    /// <param name="record">The record.</param>
    /// <param name="withReason">Whether the reason is needed.</param>
    public static OutboxMark Read(Entry record, bool withReason = false)
    {
        var bytes = record.Value.Span;
        return bytes.Length < HeadBytes || bytes[0] != Format
            ? new OutboxMark(false, record.ModifiedAtMilliseconds, "")
            : new OutboxMark(bytes[1] == 1, BinaryPrimitives.ReadInt64LittleEndian(bytes[2..]), withReason ? Encoding.UTF8.GetString(bytes[HeadBytes..]) : "");
    }
}
