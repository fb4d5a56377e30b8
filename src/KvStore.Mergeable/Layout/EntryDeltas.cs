namespace KvStore.Mergeable;

/// <summary>What commits added to the entry of a mergeable value.</summary>
internal static class EntryDeltas
{
    /// <summary>The deltas from one entry of a value to a later one; null if the bytes do not say, as after a collection.</summary>
    /// <exception cref="InvalidDataException">The entry does not have the form of a mergeable value.</exception>
    public static List<ReadOnlyMemory<byte>>? Between(Entry previous, Entry current)
    {
        if (previous.CreatedRevision != current.CreatedRevision)
            return null;
        if (TryGetSuffix(previous, current) is { } suffix)
            return StoredValue.TryReadDeltas(suffix) ?? throw Malformed(current);

        // A commit that writes the whole value puts what was before it into the head.
        if (current.Version != previous.Version + 1)
            return null;
        var all = All(current, out _);
        return all.Count > 0 ? all : null;
    }

    /// <summary>All deltas of an entry, after its head.</summary>
    /// <exception cref="InvalidDataException">The entry does not have the form of a mergeable value.</exception>
    public static List<ReadOnlyMemory<byte>> All(Entry entry, out StoredValue stored)
    {
        stored = StoredValue.TryRead(entry.Value) ?? throw Malformed(entry);
        return StoredValue.TryReadDeltas(entry.Value[stored.DeltasAt..]) ?? throw Malformed(entry);
    }

    /// <summary>What the bytes of an entry have after those of an earlier one; null if they do not begin with these.</summary>
    public static ReadOnlyMemory<byte>? TryGetSuffix(Entry previous, Entry current)
    {
        // Entries that share the array of their values, as large ones do, are not compared byte by byte.
        var (before, after) = (previous.Value, current.Value);
        return after.Span.StartsWith(before.Span) ? after[before.Length..] : (ReadOnlyMemory<byte>?)null;
    }

    public static InvalidDataException Malformed(Entry entry) => new($"The entry {entry.Key} does not have the form of a mergeable value.");
}
