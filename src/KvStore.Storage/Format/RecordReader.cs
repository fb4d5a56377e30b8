using System.Runtime.CompilerServices;

namespace KvStore.Storage;

/// <summary>The first check that failed. A power cut explains it if the suspect bytes end beyond the file or contain a lost sector.</summary>
/// <param name="Offset">Where the frame or record begins that failed.</param>
/// <param name="Reason">What failed.</param>
/// <param name="SuspectFrom">The first byte that the check covers.</param>
/// <param name="SuspectTo">The end of what the check covers; before the first byte if no power cut explains the failure.</param>
/// <param name="ZeroSectors">How many sectors of the suspect bytes were written as zeros.</param>
internal sealed record Damage(long Offset, string Reason, long SuspectFrom = 0, long SuspectTo = -1, long ZeroSectors = 0);

/// <summary>Reads the records of segments and checkpoints.</summary>
internal static class RecordReader
{
    // A value and fields that have far less than a mebibyte. A damaged length must not cost memory of its size.
    private const int LengthMax = StoredFields.ValueBytesMax + (1 << 20);

    /// <summary>The reason for a record that no request could have written.</summary>
    public static string Invalid(string problem) => $"a record's checksum matches, but {problem}";

    /// <summary>Reads a record that ends at or before an offset, and moves the offset past it; null if every check passes.</summary>
    /// <remarks>The payload is valid until the next read of the file.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Damage? Read(FileReader bytes, ulong salt, ref long offset, long end, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        var body = offset + RecordWriter.HeaderBytes;
        if (body > end || !bytes.TryRead(offset, RecordWriter.HeaderBytes, out var header))
            return new(offset, "it ends within a record");
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        var begun = Checksum.Of(salt, offset, header[..4]);
        if (length is <= 0 or > LengthMax || length > end - body)
            return new(offset, "a record's length is wrong", offset, offset + sizeof(int));
        if (!bytes.TryRead(body, length, out payload) || Checksum.Add(begun, payload) != checksum)
            return new(offset, "a record does not match its checksum", offset, body + length);
        offset = body + length;
        return null;
    }
}
