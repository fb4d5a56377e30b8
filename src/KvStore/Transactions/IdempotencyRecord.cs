using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>The bytes of an idempotency record after its fingerprint: the revision and the results of a committed transaction.</summary>
/// <remarks>
/// Format (1 byte), revision (8), number of results (4), then per result: flags (1), number (8), and for a read entry
/// what <see cref="WriteEntry"/> writes. Little-endian, as <see cref="BinaryWriter"/> writes.
/// </remarks>
internal static class IdempotencyRecord
{
    // Must differ from the first byte of a version 0.1.0 record, the low byte of an HTTP status.
    private const byte Format = 1;

    private const byte ExistedFlag = 1;
    private const byte EntryFlag = 2;
    private const int HeaderBytes = 1 + 8 + 4;
    private const int ResultBytes = 1 + 8;
    private const int NumbersBytes = (5 * 8) + 4;
    private const int EntryBytes = 2 + NumbersBytes;

    /// <summary>The size of the record of a transaction.</summary>
    public static long BytesOf(Outcome.Committed committed)
    {
        var bytes = (long)HeaderBytes;
        foreach (ref readonly var result in committed.Results)
            bytes += ResultBytes + (result.Entry is { } entry ? EntryBytes + entry.Key.Length + LengthOf(entry.ContentType) + entry.Value.Length : 0);
        return bytes;
    }

    /// <summary>The most that <see cref="BytesOf"/> returns for a number of operations that read entries of a number of bytes.</summary>
    public static long BytesMax(int operations, long readBytes) =>
        HeaderBytes + (operations * (long)(ResultBytes + EntryBytes + Entry.ContentTypeLengthMax + 2)) + readBytes;

    /// <summary>Writes the record of a transaction.</summary>
    /// <param name="committed">The transaction.</param>
    /// <param name="target">The memory of the record: <see cref="BytesOf"/> bytes.</param>
    public static void Write(Outcome.Committed committed, Memory<byte> target)
    {
        using var writer = new BinaryWriter(StreamOf(target));
        writer.Write(Format);
        writer.Write(committed.Revision);
        writer.Write(committed.Results.Length);
        foreach (ref readonly var result in committed.Results)
        {
            writer.Write((byte)((result.Existed ? ExistedFlag : 0) | (result.Entry is null ? 0 : EntryFlag)));
            writer.Write(result.Number);
            if (result.Entry is { } entry)
                WriteEntry(writer, entry);
        }
    }

    /// <summary>Whether this version can parse a record.</summary>
    public static bool IsReadable(ReadOnlySpan<byte> record) => record[0] == Format;

    /// <summary>Whether <see cref="Parse"/> can parse a stored record that <see cref="IsReadable"/>, to its last byte.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> record)
    {
        if (record.Length < HeaderBytes || StoredFields.FindProblem(BinaryPrimitives.ReadInt64LittleEndian(record[1..])) is not null)
            return false;
        var count = BinaryPrimitives.ReadInt32LittleEndian(record[(1 + sizeof(long))..]);
        var rest = record[HeaderBytes..];
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < ResultBytes || (rest[0] & ~(ExistedFlag | EntryFlag)) != 0)
                return false;
            var hasEntry = (rest[0] & EntryFlag) != 0;
            rest = rest[ResultBytes..];
            if (hasEntry && !TrySkipEntry(ref rest))
                return false;
        }

        return count >= 0 && rest.IsEmpty;
    }

    /// <summary>The transaction of a record that <see cref="IsReadable"/>.</summary>
    public static Outcome.Committed Parse(ReadOnlyMemory<byte> record)
    {
        using var reader = new BinaryReader(StreamOf(record));
        reader.ReadByte();
        var revision = reader.ReadInt64();
        var results = new OperationResult[reader.ReadInt32()];
        for (var i = 0; i < results.Length; i++)
        {
            var flags = reader.ReadByte();
            var number = reader.ReadInt64();
            results[i] = (flags & EntryFlag) != 0
                ? OperationResult.OfRead(ReadEntry(reader))
                : OperationResult.Of((flags & ExistedFlag) != 0, number);
        }

        return new Outcome.Committed(revision, null, results);
    }

    private static MemoryStream StreamOf(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var part) ? new MemoryStream(part.Array!, part.Offset, part.Count) : throw new ArgumentException("The memory is not that of an array.", nameof(memory));

    // As BinaryWriter writes ASCII text: its length, seven bits a byte, before it.
    private static int LengthOf(string contentType) => contentType.Length + (contentType.Length < 0x80 ? 1 : 2);

    private static void WriteEntry(BinaryWriter writer, Entry entry)
    {
        writer.Write((ushort)entry.Key.Length);
        writer.Write(entry.KeyUtf8);
        writer.Write(entry.ContentType);
        writer.Write(entry.CreatedRevision);
        writer.Write(entry.Revision);
        writer.Write(entry.Version);
        writer.Write(entry.ModifiedAtMilliseconds);
        writer.Write(entry.ExpiresAtMilliseconds);
        writer.Write(entry.Value.Length);
        writer.Write(entry.Value.Span);
    }

    // The counterpart of ReadEntry for bytes that nothing has checked.
    private static bool TrySkipEntry(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < EntryBytes || BinaryPrimitives.ReadUInt16LittleEndian(rest) is var keyBytes && keyBytes > rest.Length - EntryBytes)
            return false;
        var key = rest.Slice(2, keyBytes);
        rest = rest[(2 + keyBytes)..];
        int contentTypeBytes = rest[0];
        var lengthBytes = 1;
        if (contentTypeBytes >= 0x80)
            contentTypeBytes = (contentTypeBytes & 0x7F) | (rest[lengthBytes++] << 7);
        if (contentTypeBytes > rest.Length - lengthBytes - NumbersBytes)
            return false;
        var contentType = rest.Slice(lengthBytes, contentTypeBytes);
        rest = rest[(lengthBytes + contentTypeBytes)..];
        var valueBytes = BinaryPrimitives.ReadInt32LittleEndian(rest[(NumbersBytes - sizeof(int))..]);
        if (valueBytes > rest.Length - NumbersBytes || Key.Check(key, EntryLayout.KeyBytesMax) != KeyProblem.None ||
            StoredFields.FindProblem(contentType, valueBytes, Number(rest, 0), Number(rest, 1), Number(rest, 2), Number(rest, 3), Number(rest, 4)) is not null)
            return false;
        rest = rest[(NumbersBytes + valueBytes)..];
        return true;
    }

    private static long Number(ReadOnlySpan<byte> numbers, int index) => BinaryPrimitives.ReadInt64LittleEndian(numbers[(index * sizeof(long))..]);

    private static Entry ReadEntry(BinaryReader reader)
    {
        var key = reader.ReadBytes(reader.ReadUInt16());
        var contentType = reader.ReadString();
        var (createdRevision, revision, version) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        var (modifiedAt, expiresAt) = (reader.ReadInt64(), reader.ReadInt64());
        var value = reader.ReadBytes(reader.ReadInt32());
        return Entry.Create(key, value, contentType, createdRevision, revision, version, modifiedAt, expiresAt);
    }
}
