using System.Runtime.CompilerServices;

namespace KvStore.Storage;

/// <summary>A change with the first bytes of its key inline, so that most comparisons do not read the memory of the key.</summary>
/// <remarks>Its methods are optimized from their first call, as in <see cref="RecordDecoder"/>.</remarks>
internal readonly struct SortedChange(RecordedChange change) : IComparable<SortedChange>
{
    // This struct, in the array of a run.
    private const int SlotBytes = 24;

    private readonly ulong _first = Eight(change.KeyUtf8, 0);
    private readonly ulong _second = Eight(change.KeyUtf8, sizeof(ulong));

    public RecordedChange Change { get; } = change;

    /// <summary>Bytes of memory.</summary>
    public long MemoryBytes => SlotBytes + Change.HeapBytes;

    /// <summary>Orders by key, then by revision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int CompareTo(SortedChange other) =>
        CompareKey(in other) is not 0 and var order ? order : Change.Revision.CompareTo(other.Change.Revision);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int CompareKey(in SortedChange other)
    {
        if (_first != other._first)
            return _first < other._first ? -1 : 1;
        if (_second != other._second)
            return _second < other._second ? -1 : 1;
        return Change.KeyUtf8.SequenceCompareTo(other.Change.KeyUtf8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Eight(ReadOnlySpan<byte> key, int offset)
    {
        if (key.Length >= offset + sizeof(ulong))
            return BinaryPrimitives.ReadUInt64BigEndian(key[offset..]);
        if (key.Length <= offset)
            return 0;
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        key[offset..].CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }
}
