namespace KvStore;

/// <summary>
/// An entry whose value lies in the array of an earlier entry: a move and a change of the expiry create another entry with the same value,
/// which may be a megabyte. Immutable.
/// </summary>
/// <param name="head">The array of the entry, without a value; see <see cref="EntryLayout"/>.</param>
/// <param name="source">The array of the entry that first had the value. It ends with the value.</param>
/// <param name="valueStart">Where the value starts in it.</param>
internal sealed class SharedValue(byte[] head, byte[] source, int valueStart)
{
    /// <summary>Smaller values are copied: the two objects of a shared one take about 140 bytes, and copying 1 KiB takes 20 ns.</summary>
    public const int BytesMin = 1024;

    /// <summary>The bytes of this object on the heap.</summary>
    public const int ObjectBytes = 40;

    public byte[] Head { get; } = head;

    public byte[] Source { get; } = source;

    public int ValueStart { get; } = valueStart;
}
