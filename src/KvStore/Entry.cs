using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>A key with its value and what is known of it. Immutable; safe to read from any thread.</summary>
/// <remarks>
/// There are millions of entries, so their room counts. The key's bytes lie in the entry itself (see <see cref="InlineEntry{T}"/>):
/// that is an object less for the collector, and a cache miss less for every comparison with a stored key.
/// </remarks>
public abstract class Entry
{
    /// <summary>What <see cref="ExpiresAtMilliseconds"/> holds when the entry does not expire.</summary>
    internal const long Never = long.MaxValue;

    /// <summary>The longest key that an entry can have; far more than any limit on keys allows.</summary>
    internal const int KeyBytesMax = (1 << LengthBits) - 1;

    // The key's length shares a field with the time: 50 bits hold every millisecond that a DateTimeOffset can tell.
    private const int LengthBits = 14;

    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly byte[] _value;
    private readonly long _modifiedAtAndKeyLength;

    private protected Entry(in EntryFields fields, int keyLength)
    {
        _value = ArrayOf(fields.Value);
        ContentType = fields.ContentType;
        CreatedRevision = fields.CreatedRevision;
        Revision = fields.Revision;
        Version = fields.Version;
        _modifiedAtAndKeyLength = (fields.ModifiedAtMilliseconds << LengthBits) | (uint)keyLength;
        ExpiresAtMilliseconds = fields.ExpiresAtMilliseconds;
    }

    /// <summary>The key. It refers to this entry, so whoever keeps it keeps the entry.</summary>
    public Key Key => new(this);

    /// <summary>The value's bytes. They belong to the store and never change.</summary>
    public ReadOnlyMemory<byte> Value => _value;

    /// <summary>The media type that the writer gave, as it was given.</summary>
    public string ContentType { get; }

    /// <summary>The revision that created the entry: its first write since it was last absent.</summary>
    public long CreatedRevision { get; }

    /// <summary>The revision that last wrote the entry.</summary>
    public long Revision { get; }

    /// <summary>How many writes the entry has had since it was created; 1 for a new one.</summary>
    public long Version { get; }

    /// <summary>When the entry was last written, by the writer's clock, to the millisecond.</summary>
    public DateTimeOffset ModifiedAt => DateTimeOffset.FromUnixTimeMilliseconds(ModifiedAtMilliseconds);

    /// <summary>When the entry is to be deleted, to the millisecond; null when it stays.</summary>
    public DateTimeOffset? ExpiresAt =>
        ExpiresAtMilliseconds == Never ? null : DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAtMilliseconds);

    /// <summary>Bytes of key and value together.</summary>
    public long Bytes => KeyLength + _value.Length;

    /// <summary>Milliseconds since 1970-01-01 UTC; a number because it takes half of a DateTimeOffset's room.</summary>
    internal long ModifiedAtMilliseconds => _modifiedAtAndKeyLength >> LengthBits;

    /// <summary>Milliseconds since 1970-01-01 UTC, or <see cref="Never"/>.</summary>
    internal long ExpiresAtMilliseconds { get; }

    /// <summary>The key's length in bytes.</summary>
    internal int KeyLength => (int)_modifiedAtAndKeyLength & KeyBytesMax;

    /// <summary>The key's bytes.</summary>
    internal ReadOnlySpan<byte> KeyUtf8 => KeyLength <= InlineEntry.KeyBytesMax
        ? InlineEntry.KeyOf(this, KeyLength)
        : Unsafe.As<LongKeyEntry>(this).LongKey;

    /// <summary>Makes an entry. The key is copied; the value's array is taken over if the value is all of it.</summary>
    internal static Entry Create(
        Key key,
        ReadOnlyMemory<byte> value,
        string contentType,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds = Never)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, KeyBytesMax, nameof(key));
        var fields = new EntryFields(value, contentType, createdRevision, revision, version, modifiedAtMilliseconds, expiresAtMilliseconds);
        return Create(fields, key.Utf8);
    }

    /// <summary>Makes an entry of a key's bytes, which are copied, and fields.</summary>
    internal static Entry Create(in EntryFields fields, ReadOnlySpan<byte> key) =>
        key.Length <= InlineEntry.KeyBytesMax ? InlineEntry.Create(fields, key) : new LongKeyEntry(fields, key);

    private static byte[] ArrayOf(ReadOnlyMemory<byte> value) =>
        MemoryMarshal.TryGetArray(value, out var segment) && segment.Array is { } array && array.Length == value.Length
            ? array
            : value.ToArray();

    /// <summary>A time as a whole number of milliseconds, rounded up: an entry is never deleted before its time (but in the year 9999).</summary>
    internal static long MillisecondsNotBefore(DateTimeOffset time)
    {
        var whole = time.ToUnixTimeMilliseconds();
        return time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 || whole == LastMillisecond ? whole : whole + 1;
    }
}
