namespace KvStore.Storage;

/// <summary>A change as a record tells it: without the entry that was there before.</summary>
/// <remarks>While a log is loaded there are as many of them as changes, so a deletion looks like an entry that has no version.</remarks>
internal readonly struct RecordedChange
{
    private readonly Entry _entry;

    private RecordedChange(Entry entry) => _entry = entry;

    /// <summary>The entry that the key has from then on; null when it was deleted.</summary>
    public Entry? Entry => _entry.Version == 0 ? null : _entry;

    /// <summary>Whether the key lost its entry because the entry's time had come.</summary>
    public bool IsExpiry => Entry is null && _entry.ExpiresAtMilliseconds != KvStore.Entry.Never;

    /// <summary>The key that was changed.</summary>
    public Key Key => _entry.Key;

    /// <summary>The key's bytes.</summary>
    public ReadOnlySpan<byte> KeyUtf8 => _entry.KeyUtf8;

    /// <summary>The revision of the commit.</summary>
    public long Revision => _entry.Revision;

    /// <summary>Bytes of key and value.</summary>
    public long Bytes => _entry.Bytes;

    /// <summary>Bytes of memory that it takes.</summary>
    public long MemoryBytes => _entry.Encoded.Length + 64;

    /// <summary>A change that leaves an entry.</summary>
    public static RecordedChange Put(Entry entry) => new(entry);

    /// <summary>A change that leaves none.</summary>
    /// <param name="key">The key that lost its entry.</param>
    /// <param name="revision">The revision of the commit.</param>
    /// <param name="isExpiry">Whether it did because the entry's time had come.</param>
    public static RecordedChange Delete(ReadOnlySpan<byte> key, long revision, bool isExpiry) =>
        new(KvStore.Entry.Create(key, [], "", 0, revision, version: 0, 0, isExpiry ? 0 : KvStore.Entry.Never));
}
