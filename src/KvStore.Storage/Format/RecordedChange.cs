namespace KvStore.Storage;

/// <summary>A change as a record contains it: without the previous entry.</summary>
/// <remarks>
/// A load creates one for each change, so it is as small as an entry: a deletion is an entry of version 0. A change that keeps the value
/// has the negative version, and as its value what is needed to find the entry that has the value, or to say that it is missing.
/// </remarks>
internal readonly struct RecordedChange
{
    private const int NumberBytes = sizeof(long);

    private readonly Entry _entry;

    private RecordedChange(Entry entry) => _entry = entry;

    /// <summary>Whether the revisions between the change before it and this one are lost; then it changes no entry.</summary>
    public bool IsGap => _entry.CreatedRevision < 0;

    /// <summary>The entry after the commit; null if it was deleted, or has the value of the entry before.</summary>
    public Entry? Entry => _entry.Version <= 0 ? null : _entry;

    /// <summary>Whether every entry was deleted whose key starts with <see cref="Key"/>.</summary>
    public bool IsPrefix => _entry.Version == 0 && _entry.CreatedRevision > 0;

    /// <summary>Whether the value is that of the entry before; see <see cref="RecordFlags.SameValue"/>.</summary>
    public bool IsSameValue => _entry.Version < 0;

    /// <summary>If <see cref="IsSameValue"/>: the version of the entry that has the value.</summary>
    public long BaseVersion => Number(0);

    /// <summary>If <see cref="IsSameValue"/>: where the record is, or the first of those that it includes.</summary>
    public RecordPlace Place => new(Number(1), Number(2), Number(3));

    /// <summary>Whether the entry was deleted because it expired.</summary>
    public bool IsExpiry => _entry.Version == 0 && _entry.ExpiresAtMilliseconds != KvStore.Entry.Never;

    public Key Key => _entry.Key;

    public ReadOnlySpan<byte> KeyUtf8 => _entry.KeyUtf8;

    /// <summary>The revision of the commit.</summary>
    public long Revision => _entry.Revision;

    /// <summary>Bytes of key and value.</summary>
    public long Bytes => _entry.Bytes;

    /// <summary>Bytes of memory of the entry, without the place of the change in a list.</summary>
    public long HeapBytes => _entry.HeapBytes;

    public static RecordedChange Put(Entry entry) => new(entry);

    /// <summary>A gap up to a revision; see <see cref="Commit.Gap"/>.</summary>
    public static RecordedChange Gap(long revision) => new(KvStore.Entry.Create([0], [], "", -1, revision, version: 0, 0, KvStore.Entry.Never));

    /// <summary>A change that keeps the value of an entry of the same key.</summary>
    public static RecordedChange SameValue(
        ReadOnlySpan<byte> key,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds,
        long baseVersion,
        in RecordPlace place)
    {
        Span<byte> numbers = stackalloc byte[4 * NumberBytes];
        BinaryPrimitives.WriteInt64LittleEndian(numbers, baseVersion);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[NumberBytes..], place.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[(2 * NumberBytes)..], place.FrameOffset);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[(3 * NumberBytes)..], place.Offset);
        return new(KvStore.Entry.Create(key, numbers, "", createdRevision, revision, -version, modifiedAtMilliseconds, expiresAtMilliseconds));
    }

    public static RecordedChange Delete(ReadOnlySpan<byte> key, long revision, bool isExpiry) =>
        new(KvStore.Entry.Create(key, [], "", 0, revision, version: 0, 0, isExpiry ? 0 : KvStore.Entry.Never));

    public static RecordedChange DeletePrefix(ReadOnlySpan<byte> prefix, long revision) =>
        new(KvStore.Entry.Create(prefix, [], "", createdRevision: revision, revision, version: 0, 0, KvStore.Entry.Never));

    /// <summary>A change that keeps the value, after an earlier one that does.</summary>
    /// <returns>The change from before the earlier one to after this one; null if another change of the key is missing between them.</returns>
    public RecordedChange? After(RecordedChange earlier)
    {
        var (before, after) = (earlier._entry, _entry);
        return after.CreatedRevision == before.CreatedRevision && BaseVersion == -before.Version
            ? SameValue(
                after.KeyUtf8, after.CreatedRevision, after.Revision, -after.Version, after.ModifiedAtMilliseconds, after.ExpiresAtMilliseconds,
                earlier.BaseVersion, earlier.Place)
            : null;
    }

    /// <summary>A change that keeps the value, applied to the entry that has it.</summary>
    /// <returns>The entry after the change; null if the entry is not the one that the change was made of.</returns>
    public Entry? ApplyTo(Entry? before)
    {
        var after = _entry;
        return before is { } entry && entry.CreatedRevision == after.CreatedRevision && entry.Version == BaseVersion
            ? KvStore.Entry.Derive(
                entry, after.KeyUtf8, after.CreatedRevision, after.Revision, -after.Version, after.ModifiedAtMilliseconds, after.ExpiresAtMilliseconds)
            : null;
    }

    private long Number(int index) => BinaryPrimitives.ReadInt64LittleEndian(_entry.Value.Span[(index * NumberBytes)..]);
}
