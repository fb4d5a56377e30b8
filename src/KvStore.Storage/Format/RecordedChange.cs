namespace KvStore.Storage;

/// <summary>A change as a record contains it: without the previous entry.</summary>
/// <remarks>
/// A load creates one for each change, so it is as small as an entry: a deletion is an entry of version 0. A change that keeps the value, or continues it,
/// has the negative version, and as its value what is needed to find the entry before it, or to say that it is missing, and then what it adds.
/// </remarks>
internal readonly struct RecordedChange
{
    private const int NumberBytes = sizeof(long);
    private const int NumbersBytes = 4 * NumberBytes;

    private readonly Entry _entry;

    private RecordedChange(Entry entry) => _entry = entry;

    /// <summary>Whether the revisions between the change before it and this one are lost; then it changes no entry.</summary>
    public bool IsGap => _entry.CreatedRevision < 0;

    /// <summary>The entry after the commit; null if it was deleted, or is derived from the entry before.</summary>
    public Entry? Entry => _entry.Version <= 0 ? null : _entry;

    /// <summary>Whether every entry was deleted whose key starts with <see cref="Key"/>.</summary>
    public bool IsPrefix => _entry.Version == 0 && _entry.CreatedRevision > 0;

    /// <summary>Whether the value is that of the entry before, or continues it; see <see cref="RecordFlags.SameValue"/> and <see cref="RecordFlags.Extends"/>.</summary>
    public bool IsDerived => _entry.Version < 0;

    /// <summary>If <see cref="IsDerived"/>: the version of the entry that it is derived from.</summary>
    public long BaseVersion => Number(0);

    /// <summary>If <see cref="IsDerived"/>: where the record is, or the first of those that it includes.</summary>
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

    /// <summary>A change that keeps the value of the entry of its key before it, or continues it.</summary>
    public static RecordedChange Derived(
        ReadOnlySpan<byte> key,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds,
        in RecordPlace place,
        ReadOnlySpan<byte> suffix)
    {
        var encoded = EntryLayout.Create(key, NumbersBytes + suffix.Length, "", expiresAtMilliseconds);
        var value = encoded.AsSpan(EntryLayout.ValueStart(encoded));
        BinaryPrimitives.WriteInt64LittleEndian(value, version - 1);
        BinaryPrimitives.WriteInt64LittleEndian(value[NumberBytes..], place.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(value[(2 * NumberBytes)..], place.FrameOffset);
        BinaryPrimitives.WriteInt64LittleEndian(value[(3 * NumberBytes)..], place.Offset);
        suffix.CopyTo(value[NumbersBytes..]);
        EntryLayout.Stamp(encoded, createdRevision, revision, -version, modifiedAtMilliseconds);
        return new(new Entry(encoded));
    }

    public static RecordedChange Delete(ReadOnlySpan<byte> key, long revision, bool isExpiry) =>
        new(KvStore.Entry.Create(key, [], "", 0, revision, version: 0, 0, isExpiry ? 0 : KvStore.Entry.Never));

    public static RecordedChange DeletePrefix(ReadOnlySpan<byte> prefix, long revision) =>
        new(KvStore.Entry.Create(prefix, [], "", createdRevision: revision, revision, version: 0, 0, KvStore.Entry.Never));

    /// <summary>A derived change, after an earlier one.</summary>
    /// <returns>The change from before the earlier one to after this one; null if another change of the key is missing between them.</returns>
    public RecordedChange? After(RecordedChange earlier) =>
        Follows(earlier._entry, -earlier._entry.Version) ? new(Continue(earlier._entry, _entry.Version)) : null;

    /// <summary>A derived change, applied to the entry before it.</summary>
    /// <returns>The entry after the change; null if the entry is not the one that the change was made of.</returns>
    public Entry? ApplyTo(Entry? before) =>
        before is { } entry && Follows(entry, entry.Version) && (Suffix.IsEmpty || entry.IsMergeable) ? Continue(entry, -_entry.Version) : null;

    private ReadOnlyMemory<byte> Suffix => _entry.Value[NumbersBytes..];

    private bool Follows(Entry before, long version) =>
        before.CreatedRevision == _entry.CreatedRevision && version == BaseVersion && before.ValueLength + (long)Suffix.Length <= StoredFields.ValueBytesMax;

    // The value before stays where it is, so that thousands of extensions of one value take the time and the memory of one copy or few.
    private Entry Continue(Entry before, long version) => Suffix.IsEmpty
        ? KvStore.Entry.Derive(before, _entry.KeyUtf8, _entry.CreatedRevision, _entry.Revision, version, _entry.ModifiedAtMilliseconds, _entry.ExpiresAtMilliseconds)
        : KvStore.Entry.Extend(before, Suffix.Span, _entry.Revision, version, _entry.ModifiedAtMilliseconds, _entry.ExpiresAtMilliseconds);

    private long Number(int index) => BinaryPrimitives.ReadInt64LittleEndian(_entry.Value.Span[(index * NumberBytes)..]);
}
