namespace KvStore;

/// <summary>Sums over entries.</summary>
/// <param name="Bytes">The bytes of keys and values.</param>
/// <param name="MemoryBytes">The bytes of memory that they take in a snapshot.</param>
internal readonly record struct EntrySizes(long Bytes, long MemoryBytes)
{
    public static EntrySizes Of(Entry entry) => new(entry.Bytes, entry.MemoryBytes);

    public static EntrySizes operator +(EntrySizes one, EntrySizes other) => new(one.Bytes + other.Bytes, one.MemoryBytes + other.MemoryBytes);

    public static EntrySizes operator -(EntrySizes one, EntrySizes other) => new(one.Bytes - other.Bytes, one.MemoryBytes - other.MemoryBytes);
}
