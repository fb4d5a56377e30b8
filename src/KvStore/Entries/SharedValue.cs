namespace KvStore;

/// <summary>
/// An entry whose value lies in another array than its own: a move and a change of the expiry create another entry with the same value,
/// which may be a megabyte, and an extension adds to a value in its place (<see cref="GrowingArray"/>). Immutable.
/// </summary>
/// <param name="head">The array of the entry, without a value; see <see cref="EntryLayout"/>.</param>
/// <param name="source">The array of the entry that first had the value, or a growing one.</param>
/// <param name="valueStart">Where the value starts in it.</param>
/// <param name="valueLength">The bytes of the value.</param>
/// <param name="extendedAt">If the entry extends the one before it: the bytes of that one's value. Else negative.</param>
internal sealed class SharedValue(byte[] head, byte[] source, int valueStart, int valueLength, int extendedAt = -1)
{
    /// <summary>Smaller values are copied: the two objects of a shared one take about 140 bytes, and copying 1 KiB takes 20 ns.</summary>
    public const int BytesMin = 1024;

    /// <summary>The bytes of this object on the heap.</summary>
    public const int ObjectBytes = 48;

    public byte[] Head { get; } = head;

    public byte[] Source { get; } = source;

    public int ValueStart { get; } = valueStart;

    public int ValueLength { get; } = valueLength;

    public int ExtendedAt { get; } = extendedAt;

    public bool IsGrowing => ValueStart == GrowingArray.ValueStart;
}
