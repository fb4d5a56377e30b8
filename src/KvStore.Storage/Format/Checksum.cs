using System.Buffers.Binary;
using System.Numerics;

namespace KvStore.Storage;

/// <summary>
/// CRC-32C over a file's salt, the place in the file, and the bytes: what was written to another file, another place or an
/// earlier life of a disk block does not check.
/// </summary>
internal static class Checksum
{
    /// <summary>Begins a checksum.</summary>
    public static uint Begin(ulong salt, long offset) => BitOperations.Crc32C(BitOperations.Crc32C(~0u, salt), (ulong)offset);

    /// <summary>Takes bytes in.</summary>
    public static uint Add(uint checksum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var one in bytes)
            checksum = BitOperations.Crc32C(checksum, one);
        return checksum;
    }

    /// <summary>The checksum of bytes that are together.</summary>
    public static uint Of(ulong salt, long offset, ReadOnlySpan<byte> bytes) => Add(Begin(salt, offset), bytes);
}
