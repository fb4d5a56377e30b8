namespace KvStore;

/// <summary>
/// An entry before its commit: it has a key, a content type, an expiry and room for the value, but no revision yet. Not thread-safe.
/// </summary>
/// <remarks>
/// A value can be read straight into the memory that the store will keep. Ownership of that memory moves to the store with the
/// submission of a <see cref="Put"/> of this draft: do not write into <see cref="Value"/> afterwards. The default value is no draft.
/// </remarks>
public readonly struct EntryDraft
{
    private readonly byte[] _encoded;

    /// <summary>Creates a draft.</summary>
    /// <param name="key">The key, 1 to 16,383 bytes; copied.</param>
    /// <param name="valueBytes">The number of bytes of the value.</param>
    /// <param name="contentType">The media type of the value: ASCII, at most 256 characters (<see cref="Entry.ContentTypeLengthMax"/>).</param>
    /// <param name="expiresAt">When the entry expires, rounded up to a millisecond; null when it does not.</param>
    /// <exception cref="ArgumentException">An argument is outside these limits, or the entry would not fit into an array.</exception>
    public EntryDraft(Key key, int valueBytes, string contentType, DateTimeOffset? expiresAt = null)
        : this(key, valueBytes, contentType, expiresAt is { } at ? Entry.MillisecondsNotBefore(at) : Entry.Never)
    {
    }

    /// <inheritdoc cref="EntryDraft(Key, int, string, DateTimeOffset?)"/>
    /// <param name="key">The bytes of the key, for which <see cref="Key.Check"/> has found no problem; copied.</param>
    /// <param name="valueBytes">The number of bytes of the value.</param>
    /// <param name="contentType">The media type of the value: ASCII, at most 256 characters (<see cref="Entry.ContentTypeLengthMax"/>).</param>
    /// <param name="expiresAt">When the entry expires, rounded up to a millisecond; null when it does not.</param>
    public EntryDraft(ReadOnlySpan<byte> key, int valueBytes, string contentType, DateTimeOffset? expiresAt = null) =>
        _encoded = EntryLayout.Create(key, valueBytes, contentType, expiresAt is { } at ? Entry.MillisecondsNotBefore(at) : Entry.Never);

    internal EntryDraft(Key key, int valueBytes, string contentType, long expiresAtMilliseconds) =>
        _encoded = EntryLayout.Create(key.Utf8, valueBytes, contentType, expiresAtMilliseconds);

    /// <summary>The key. It is a view of this draft and keeps all of it in memory.</summary>
    public Key Key => new(_encoded, EntryLayout.KeyStart, EntryLayout.KeyLength(_encoded));

    /// <summary>The memory of the value. Its initial content is undefined: write all of it before the draft is submitted.</summary>
    public Memory<byte> Value => _encoded.AsMemory(EntryLayout.ValueStart(_encoded));

    /// <summary>The media type of the value.</summary>
    public string ContentType => EntryLayout.ContentType(_encoded);

    /// <summary>Whether <see cref="ContentType"/> is <see cref="Entry.MergeableContentType"/>.</summary>
    public bool IsMergeable => EntryLayout.IsMergeable(_encoded);

    /// <summary>When the entry expires, in milliseconds; null when it does not.</summary>
    public DateTimeOffset? ExpiresAt => Entry.TimeOf(ExpiresAtMilliseconds);

    /// <summary>Milliseconds since 1970-01-01 UTC, or <see cref="Entry.Never"/>.</summary>
    internal long ExpiresAtMilliseconds => EntryLayout.ExpiresAtMilliseconds(_encoded);

    /// <summary>Changes when the entry expires, rounded up to the millisecond.</summary>
    /// <exception cref="InvalidOperationException">The draft was made without an expiry, so it has no room for one.</exception>
    public void SetExpiry(DateTimeOffset expiresAt) => EntryLayout.SetExpiry(_encoded, Entry.MillisecondsNotBefore(expiresAt));

    /// <summary>
    /// Turns the draft into an entry: the first time in place, later as a copy, because the array already is an entry. There is a later
    /// time because a transaction that was not applied, for example because the disk was full, may be submitted again. Two threads
    /// must not do this at a time: a draft belongs to one store.
    /// </summary>
    internal Entry Stamp(long createdRevision, long revision, long version, long modifiedAtMilliseconds)
    {
        var encoded = EntryLayout.Revision(_encoded) == 0 ? _encoded : (byte[])_encoded.Clone();
        EntryLayout.Stamp(encoded, createdRevision, revision, version, modifiedAtMilliseconds);
        return new Entry(encoded);
    }
}
