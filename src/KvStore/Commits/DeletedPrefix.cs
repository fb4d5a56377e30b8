namespace KvStore;

/// <summary>
/// What a commit deleted because its key starts with a prefix: the entries as they were before the commit, without an <see cref="EntryChange"/> for
/// each. They share the memory of the earlier snapshots. Immutable; any thread may use it.
/// </summary>
public sealed class DeletedPrefix
{
    internal DeletedPrefix(Key prefix, OrderedIndex entries) => (Prefix, Range, Entries) = (prefix, KeyRange.WithPrefix(prefix.Utf8), entries);

    /// <summary>The prefix.</summary>
    public Key Prefix { get; }

    /// <summary>The keys with the prefix.</summary>
    public KeyRange Range { get; }

    /// <summary>The number of deleted entries; at least 1.</summary>
    public int Count => Entries.Count;

    /// <summary>The bytes of their keys and values.</summary>
    public long Bytes => Entries.Sizes.Bytes;

    /// <summary>The bytes of memory that they take: what is freed when nothing refers to them any more.</summary>
    internal long MemoryBytes => Entries.Sizes.MemoryBytes;

    /// <summary>The deleted entries.</summary>
    internal OrderedIndex Entries { get; }

    /// <summary>The deleted entries of a range, in key order. Lazy: each enumeration visits only the entries that it returns.</summary>
    public IEnumerable<Entry> Scan(KeyRange range)
    {
        foreach (var entry in Entries.Scan(range))
            yield return entry;
    }

    /// <summary>Counts the deleted entries whose keys match a filter, without visiting them: one key, or all keys with a prefix.</summary>
    internal int CountOf(Key text, bool isPrefix)
    {
        if (!isPrefix)
            return text.Utf8.StartsWith(Prefix.Utf8) && Entries.Find(text.Utf8) is not null ? 1 : 0;
        if (Prefix.Utf8.StartsWith(text.Utf8))
            return Count;
        return text.Utf8.StartsWith(Prefix.Utf8) ? (int)Entries.CountOf(KeyRange.WithPrefix(text.Utf8)) : 0;
    }
}
