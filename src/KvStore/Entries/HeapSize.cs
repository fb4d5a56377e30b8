using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>Bytes that objects take on the heap of a 64-bit process.</summary>
internal static class HeapSize
{
    // The header, the type and the length.
    private const int ArrayOverheadBytes = 24;

    /// <summary>The header and the type of an object.</summary>
    public const int Object = 16;

    /// <summary>A reference to an object.</summary>
    public const int Reference = 8;

    /// <summary>An array of bytes.</summary>
    public static long OfArray(int length) => ArrayOverheadBytes + (((long)length + 7) & ~7L);

    /// <summary>An array of values whose size is a multiple of eight.</summary>
    public static long OfArray<T>(int length)
        where T : struct => ArrayOverheadBytes + ((long)length * Unsafe.SizeOf<T>());
}
