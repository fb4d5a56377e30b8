using System.Buffers.Binary;

namespace KvStore.Storage;

/// <summary>Where a file stops making sense, and what a power cut must have left out there if it was one.</summary>
/// <param name="Offset">Where it is wrong.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="SuspectFrom">The first byte that does not check.</param>
/// <param name="SuspectTo">Behind the last byte that does not check.</param>
internal sealed record Damage(long Offset, string Reason, long SuspectFrom, long SuspectTo);

/// <summary>Reads the records of segments and checkpoints.</summary>
internal static class RecordReader
{
    /// <summary>Reads a record.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="salt">The file's salt.</param>
    /// <param name="offset">Where the record begins; moved behind it.</param>
    /// <param name="end">Where it ends at the latest.</param>
    /// <param name="payload">What is in it, until the file is read again.</param>
    /// <returns>What is wrong, or null.</returns>
    public static Damage? Read(FileReader bytes, ulong salt, ref long offset, long end, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        var body = offset + RecordWriter.HeaderBytes;
        if (body > end || !bytes.TryRead(offset, RecordWriter.HeaderBytes, out var header))
            return new(offset, "it ends within a record", offset, end);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        var begun = Checksum.Of(salt, offset, header[..4]);
        if (length <= 0 || length > end - body)
            return new(offset, "a record's length is wrong", offset, end);
        if (!bytes.TryRead(body, length, out payload) || Checksum.Add(begun, payload) != checksum)
            return new(offset, "a record does not match its checksum", offset, body + length);
        offset = body + length;
        return null;
    }
}
