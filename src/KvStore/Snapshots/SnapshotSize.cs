namespace KvStore;

/// <summary>The sizes of the entries of a snapshot.</summary>
/// <param name="Bytes">Bytes of all keys and values, with the store's own records.</param>
/// <param name="EntriesMemory">The <see cref="Entry.MemoryBytes"/> of what users stored, and of what is known of it at its origin.</param>
/// <param name="RecordsMemory">Those of idempotency records.</param>
internal readonly record struct SnapshotSize(long Bytes, long EntriesMemory, long RecordsMemory)
{
    /// <summary>The sizes with another entry.</summary>
    public SnapshotSize With(Entry entry) => Change(entry, 1);

    /// <summary>The sizes without an entry.</summary>
    public SnapshotSize Without(Entry entry) => Change(entry, -1);

    /// <summary>The sizes after a change.</summary>
    public SnapshotSize After(in EntryChange change)
    {
        var size = change.Previous is { } previous ? Without(previous) : this;
        return change.Current is { } current ? size.With(current) : size;
    }

    /// <summary>The sizes with entries that users stored.</summary>
    public SnapshotSize With(DeletedPrefix entries) => new(Bytes + entries.Bytes, EntriesMemory + entries.MemoryBytes, RecordsMemory);

    /// <summary>The sizes without entries that users stored.</summary>
    public SnapshotSize Without(DeletedPrefix entries) => new(Bytes - entries.Bytes, EntriesMemory - entries.MemoryBytes, RecordsMemory);

    private SnapshotSize Change(Entry entry, int sign)
    {
        var memory = sign * entry.MemoryBytes;
        var bytes = Bytes + (sign * entry.Bytes);
        return ReservedKeys.IsIdempotency(entry.KeyUtf8) ? new(bytes, EntriesMemory, RecordsMemory + memory) : new(bytes, EntriesMemory + memory, RecordsMemory);
    }
}
