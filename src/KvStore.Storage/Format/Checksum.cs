using System.Numerics;
using System.Runtime.CompilerServices;

namespace KvStore.Storage;

/// <summary>
/// CRC-32C over a file's salt, the offset in the file, and the bytes: bytes that were written to another file, to another offset
/// or to an earlier use of the same disk block never match.
/// </summary>
internal static class Checksum
{
    public static uint Begin(ulong salt, long offset) => BitOperations.Crc32C(BitOperations.Crc32C(~0u, salt), (ulong)offset);

    // Optimized from its first call, as in RecordDecoder.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Add(uint checksum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var one in bytes)
            checksum = BitOperations.Crc32C(checksum, one);
        return checksum;
    }

    public static uint Of(ulong salt, long offset, ReadOnlySpan<byte> bytes) => Add(Begin(salt, offset), bytes);
}
