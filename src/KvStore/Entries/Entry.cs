namespace KvStore;

/// <summary>A key with its value and what is known of it. Immutable; safe to read from any thread.</summary>
/// <remarks>
/// There are millions of entries, so their room counts: all of an entry is one array (see <see cref="EntryLayout"/>), which has no
/// references that the collector would have to follow. This is only a view of it: two of them are equal if they are of the
/// same array. The default value is no entry.
/// </remarks>
public readonly struct Entry : IEquatable<Entry>
{
    /// <summary>What <see cref="ExpiresAtMilliseconds"/> is when the entry does not expire.</summary>
    internal const long Never = long.MaxValue;

    /// <summary>The longest content type that an entry can have, in ASCII characters.</summary>
    public const int ContentTypeLengthMax = 256;

    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    internal Entry(byte[] encoded) => Encoded = encoded;

    /// <summary>The key. It refers to this entry, so whoever keeps it keeps the entry.</summary>
    public Key Key => new(Encoded, EntryLayout.KeyStart, EntryLayout.KeyLength(Encoded));

    /// <summary>The value's bytes. They belong to the store and never change.</summary>
    public ReadOnlyMemory<byte> Value => Encoded.AsMemory(EntryLayout.ValueStart(Encoded));

    /// <summary>The media type that the writer gave, as it was given.</summary>
    public string ContentType => EntryLayout.ContentType(Encoded);

    /// <summary>The revision that created the entry: its first write since it was last absent.</summary>
    public long CreatedRevision => EntryLayout.CreatedRevision(Encoded);

    /// <summary>The revision that last wrote the entry.</summary>
    public long Revision => EntryLayout.Revision(Encoded);

    /// <summary>How many writes the entry has had since it was created; 1 for a new one.</summary>
    public long Version => EntryLayout.Version(Encoded);

    /// <summary>When the entry was last written, by the writer's clock, to the millisecond.</summary>
    public DateTimeOffset ModifiedAt => DateTimeOffset.FromUnixTimeMilliseconds(ModifiedAtMilliseconds);

    /// <summary>When the entry is to be deleted, to the millisecond; null when it stays.</summary>
    public DateTimeOffset? ExpiresAt => TimeOf(ExpiresAtMilliseconds);

    /// <summary>Bytes of key and value together.</summary>
    public long Bytes => EntryLayout.KeyLength(Encoded) + Encoded.Length - EntryLayout.ValueStart(Encoded);

    /// <summary>All of the entry. Nobody writes into it.</summary>
    internal byte[] Encoded { get; }

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    internal long ModifiedAtMilliseconds => EntryLayout.ModifiedAtMilliseconds(Encoded);

    /// <summary>Milliseconds since 1970-01-01 UTC, or <see cref="Never"/>.</summary>
    internal long ExpiresAtMilliseconds => EntryLayout.ExpiresAtMilliseconds(Encoded);

    /// <summary>The key's bytes.</summary>
    internal ReadOnlySpan<byte> KeyUtf8 => EntryLayout.Key(Encoded);

    /// <summary>Makes an entry. All that it is made of is copied.</summary>
    /// <exception cref="ArgumentException">The key or the content type is not one that an entry can have.</exception>
    internal static Entry Create(
        Key key,
        ReadOnlyMemory<byte> value,
        string contentType,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds = Never) =>
        Create(key.Utf8, value.Span, contentType, createdRevision, revision, version, modifiedAtMilliseconds, expiresAtMilliseconds);

    /// <summary>Makes an entry. Key and value are copied.</summary>
    internal static Entry Create(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> value,
        string contentType,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds)
    {
        var encoded = EntryLayout.Create(key, value.Length, contentType, expiresAtMilliseconds);
        value.CopyTo(encoded.AsSpan(EntryLayout.ValueStart(encoded)));
        EntryLayout.Stamp(encoded, createdRevision, revision, version, modifiedAtMilliseconds);
        return new Entry(encoded);
    }

    /// <summary>Whether both are the same entry; entries that only have the same content are not.</summary>
    public bool Equals(Entry other) => ReferenceEquals(Encoded, other.Encoded);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Entry other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Encoded);

    /// <summary>Whether both are the same entry.</summary>
    public static bool operator ==(Entry left, Entry right) => left.Equals(right);

    /// <summary>Whether they are not the same entry.</summary>
    public static bool operator !=(Entry left, Entry right) => !left.Equals(right);

    /// <summary>A time as a whole number of milliseconds, rounded up: an entry is never deleted before its time (but in the year 9999).</summary>
    internal static long MillisecondsNotBefore(DateTimeOffset time)
    {
        var whole = time.ToUnixTimeMilliseconds();
        return time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 || whole == LastMillisecond ? whole : whole + 1;
    }

    /// <summary>What <see cref="ExpiresAt"/> says of a number of milliseconds.</summary>
    internal static DateTimeOffset? TimeOf(long expiresAtMilliseconds) =>
        expiresAtMilliseconds == Never ? null : DateTimeOffset.FromUnixTimeMilliseconds(expiresAtMilliseconds);
}
