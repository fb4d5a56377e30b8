using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>
/// An array for a value that is extended again and again, with spare room after it: the entries that extend each other share it, each with a length
/// of its own, so an extension copies what it adds and not the value.
/// </summary>
/// <remarks>
/// <code>
///  0  the revision of the entry that it was made for
///  8  the number of used bytes of the value, which only grows
/// 12  value, and spare room to the end
/// </code>
/// An extension of the value that ends there claims the bytes after it before it writes them, so no byte is written that an entry has: neither one of an
/// extension that was not committed, nor one of an old snapshot. A value that ends before is copied into another array. The claim is
/// atomic although one thread extends the entries of a store: an entry may be in two stores.
/// </remarks>
internal static class GrowingArray
{
    /// <summary>Where the value starts. In the array of an entry it starts later.</summary>
    public const int ValueStart = UsedAt + sizeof(int);

    private const int UsedAt = sizeof(long);

    // An array grows by a quarter: a byte is copied four times on average, and a fifth of the memory is spare at most.
    private const int SpareParts = 4;

    /// <summary>Creates an array with a value and room for more.</summary>
    public static byte[] Create(ReadOnlySpan<byte> value, ReadOnlySpan<byte> suffix, long revision)
    {
        var length = value.Length + suffix.Length;
        var array = GC.AllocateUninitializedArray<byte>(ValueStart + length + (length / SpareParts));
        BinaryPrimitives.WriteInt64LittleEndian(array, revision);
        Used(array) = length;
        value.CopyTo(array.AsSpan(ValueStart));
        suffix.CopyTo(array.AsSpan(ValueStart + value.Length));
        return array;
    }

    /// <summary>Adds to a value of a length; false if the array has no room, or other bytes after the value. Any number of threads may try it.</summary>
    public static bool TryExtend(byte[] array, int length, ReadOnlySpan<byte> suffix)
    {
        var free = array.AsSpan(ValueStart + length);
        if (free.Length < suffix.Length || Interlocked.CompareExchange(ref Used(array), length + suffix.Length, length) != length)
            return false;
        suffix.CopyTo(free);
        return true;
    }

    /// <summary>The revision of the entry that the array was made for.</summary>
    public static long Revision(byte[] array) => BinaryPrimitives.ReadInt64LittleEndian(array);

    private static ref int Used(byte[] array) => ref Unsafe.As<byte, int>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), UsedAt));
}
