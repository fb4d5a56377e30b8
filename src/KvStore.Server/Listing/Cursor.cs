using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;

namespace KvStore.Server;

/// <summary>
/// Where a listing resumes: the store and the revision of all its pages, the prefix and the delimiter (maybe empty), and the key or common prefix
/// that was listed last. Its text is opaque to clients.
/// </summary>
internal readonly record struct Cursor(StoreId Store, long Revision, ReadOnlyMemory<byte> Prefix, ReadOnlyMemory<byte> Delimiter, ReadOnlyMemory<byte> After)
{
    // The text is base64url of: CRC-32C of the rest (4 bytes), format (1), store (8), revision (8), lengths of the prefix (2) and of the
    // delimiter (2), prefix, delimiter, last key or common prefix. Numbers are big-endian. The checksum detects truncated copies;
    // it does not authenticate.
    private const byte Format = 3;
    private const int HeaderBytes = 4 + 1 + 8 + 8 + 2 + 2;

    public override string ToString()
    {
        var bytes = new byte[HeaderBytes + Prefix.Length + Delimiter.Length + After.Length];
        bytes[4] = Format;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(5), Store.Value);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(13), Revision);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(21), (ushort)Prefix.Length);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(23), (ushort)Delimiter.Length);
        Prefix.Span.CopyTo(bytes.AsSpan(HeaderBytes));
        Delimiter.Span.CopyTo(bytes.AsSpan(HeaderBytes + Prefix.Length));
        After.Span.CopyTo(bytes.AsSpan(HeaderBytes + Prefix.Length + Delimiter.Length));
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Checksum(bytes.AsSpan(4)));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads the text of a cursor; false if this service did not write it.</summary>
    public static bool TryParse(string text, out Cursor cursor)
    {
        cursor = default;
        if (!Base64Url.IsValid(text))
            return false;
        ReadOnlyMemory<byte> bytes = Base64Url.DecodeFromChars(text);
        var span = bytes.Span;
        if (span.Length <= HeaderBytes || span[4] != Format)
            return false;

        var store = new StoreId(BinaryPrimitives.ReadUInt64BigEndian(span[5..]));
        var revision = BinaryPrimitives.ReadInt64BigEndian(span[13..]);
        var prefixLength = BinaryPrimitives.ReadUInt16BigEndian(span[21..]);
        var delimiterLength = BinaryPrimitives.ReadUInt16BigEndian(span[23..]);
        if (revision < 0 || HeaderBytes + prefixLength + delimiterLength >= span.Length)
            return false;
        var texts = bytes[HeaderBytes..];
        cursor = new Cursor(store, revision, texts[..prefixLength], texts.Slice(prefixLength, delimiterLength), texts[(prefixLength + delimiterLength)..]);

        // Comparing the text verifies the checksum, and rejects white space and padding, which the decoder ignores.
        return cursor.ToString() == text;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
