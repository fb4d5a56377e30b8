namespace KvStore;

/// <summary>
/// An entry that is being made: its key, content type and lifetime are given, its value has room, and what only the commit
/// knows is missing. Belongs to one thread at a time.
/// </summary>
/// <remarks>
/// It lets a value be read straight into the memory that it will be stored in. Once the draft is part of a <see cref="Put"/>,
/// nobody writes into it but the decider, which stamps it: from then on it is an <see cref="Entry"/>.
/// </remarks>
public readonly struct EntryDraft
{
    private readonly byte[] _encoded;

    /// <summary>Makes a draft.</summary>
    /// <param name="key">The key, of 1 to 16,383 bytes; it is copied.</param>
    /// <param name="valueBytes">How many bytes the value has.</param>
    /// <param name="contentType">The value's media type, printable ASCII of at most 256 characters.</param>
    /// <param name="expiresAt">When the entry is to be deleted, or null; kept to the millisecond.</param>
    /// <exception cref="ArgumentException">One of them is not as it has to be.</exception>
    public EntryDraft(Key key, int valueBytes, string contentType, DateTimeOffset? expiresAt = null)
        : this(key, valueBytes, contentType, expiresAt is { } at ? Entry.MillisecondsNotBefore(at) : Entry.Never)
    {
    }

    internal EntryDraft(Key key, int valueBytes, string contentType, long expiresAtMilliseconds) =>
        _encoded = EntryLayout.Create(key.Utf8, valueBytes, contentType, expiresAtMilliseconds);

    /// <summary>The key. It refers to the draft, so whoever keeps it keeps the draft.</summary>
    public Key Key => new(_encoded, EntryLayout.KeyStart, EntryLayout.KeyLength(_encoded));

    /// <summary>The room for the value. What it holds at first is not defined, so all of it must be written.</summary>
    public Memory<byte> Value => _encoded.AsMemory(EntryLayout.ValueStart(_encoded));

    /// <summary>The value's media type.</summary>
    public string ContentType => EntryLayout.ContentType(_encoded);

    /// <summary>When the entry is to be deleted, to the millisecond; null when it stays.</summary>
    public DateTimeOffset? ExpiresAt => Entry.TimeOf(EntryLayout.ExpiresAtMilliseconds(_encoded));

    /// <summary>Makes an entry of the draft. What was stamped once is another's entry: a second time it makes a copy.</summary>
    internal Entry Stamp(long createdRevision, long revision, long version, long modifiedAtMilliseconds)
    {
        var encoded = EntryLayout.Revision(_encoded) == 0 ? _encoded : (byte[])_encoded.Clone();
        EntryLayout.Stamp(encoded, createdRevision, revision, version, modifiedAtMilliseconds);
        return new Entry(encoded);
    }
}
