namespace KvStore.Storage;

/// <summary>A change as a record contains it: without the previous entry.</summary>
/// <remarks>A load creates one for each change, so it is as small as an entry: a deletion is an entry of version 0.</remarks>
internal readonly struct RecordedChange
{
    private readonly Entry _entry;

    private RecordedChange(Entry entry) => _entry = entry;

    /// <summary>Whether the revisions between the change before it and this one are lost; then it changes no entry.</summary>
    public bool IsGap => _entry.CreatedRevision < 0;

    /// <summary>The entry after the commit; null if it was deleted.</summary>
    public Entry? Entry => _entry.Version == 0 ? null : _entry;

    /// <summary>Whether the entry was deleted because it expired.</summary>
    public bool IsExpiry => Entry is null && _entry.ExpiresAtMilliseconds != KvStore.Entry.Never;

    public Key Key => _entry.Key;

    public ReadOnlySpan<byte> KeyUtf8 => _entry.KeyUtf8;

    /// <summary>The revision of the commit.</summary>
    public long Revision => _entry.Revision;

    /// <summary>Bytes of key and value.</summary>
    public long Bytes => _entry.Bytes;

    /// <summary>Bytes of memory.</summary>
    public long MemoryBytes => _entry.Encoded.Length + 64;

    public static RecordedChange Put(Entry entry) => new(entry);

    /// <summary>A gap up to a revision; see <see cref="Commit.Gap"/>.</summary>
    public static RecordedChange Gap(long revision) => new(KvStore.Entry.Create([0], [], "", -1, revision, version: 0, 0, KvStore.Entry.Never));

    public static RecordedChange Delete(ReadOnlySpan<byte> key, long revision, bool isExpiry) =>
        new(KvStore.Entry.Create(key, [], "", 0, revision, version: 0, 0, isExpiry ? 0 : KvStore.Entry.Never));
}
