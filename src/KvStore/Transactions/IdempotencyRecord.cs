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
    private const int FixedBytes = 64;

    /// <summary>An upper bound of the record's size, without making it.</summary>
    public static long BytesOf(Outcome.Committed committed)
    {
        var bytes = (long)FixedBytes;
        foreach (ref readonly var result in committed.Results)
            bytes += FixedBytes + (result.Entry is { } entry ? entry.Value.Length + entry.Key.Length + entry.ContentType.Length : 0);
        return bytes;
    }

    /// <summary>The record of a transaction.</summary>
    public static byte[] ToBytes(Outcome.Committed committed)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
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

        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>The transaction of a record; null when the record has another format than this version writes.</summary>
    public static Outcome.Committed? TryParse(ReadOnlyMemory<byte> record)
    {
        using var reader = new BinaryReader(new MemoryStream(record.ToArray(), writable: false), Encoding.UTF8);
        if (reader.ReadByte() != Format)
            return null;
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
