namespace KvStore;

/// <summary>A key with its value and metadata. Immutable; any thread may read it.</summary>
/// <remarks>
/// A store has millions of entries, so each is one array (see <see cref="EntryLayout"/>) without references for the collector
/// to follow. This struct is a view of the array: two are equal when they view the same one, whatever the contents. The default value is
/// no entry, and its members throw.
/// </remarks>
public readonly struct Entry : IEquatable<Entry>
{
    /// <summary>The value of <see cref="ExpiresAtMilliseconds"/> for an entry that does not expire.</summary>
    internal const long Never = long.MaxValue;

    /// <summary>The longest content type of an entry, in ASCII characters.</summary>
    public const int ContentTypeLengthMax = 256;

    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    internal Entry(byte[] encoded) => Encoded = encoded;

    /// <summary>The key. It is a view of this entry and keeps all of it in memory.</summary>
    public Key Key => new(Encoded, EntryLayout.KeyStart, EntryLayout.KeyLength(Encoded));

    /// <summary>The bytes of the value. The store owns them; they never change, and stay valid as long as they are referenced.</summary>
    public ReadOnlyMemory<byte> Value => Encoded.AsMemory(EntryLayout.ValueStart(Encoded));

    /// <summary>The media type, exactly as the writer gave it.</summary>
    public string ContentType => EntryLayout.ContentType(Encoded);

    /// <summary>The revision that created the entry: the first write after the key was absent.</summary>
    public long CreatedRevision => EntryLayout.CreatedRevision(Encoded);

    /// <summary>The revision that last wrote the entry.</summary>
    public long Revision => EntryLayout.Revision(Encoded);

    /// <summary>The number of writes since the entry was created, including that one; 1 for a new entry.</summary>
    public long Version => EntryLayout.Version(Encoded);

    /// <summary>When the entry was last written, by the clock of the node that committed it, in milliseconds. Informative: clocks may go back; order writes by <see cref="Revision"/>.</summary>
    public DateTimeOffset ModifiedAt => DateTimeOffset.FromUnixTimeMilliseconds(ModifiedAtMilliseconds);

    /// <summary>When the entry expires, in milliseconds; null when it does not.</summary>
    public DateTimeOffset? ExpiresAt => TimeOf(ExpiresAtMilliseconds);

    /// <summary>The bytes of key and value together.</summary>
    public long Bytes => EntryLayout.KeyLength(Encoded) + Encoded.Length - EntryLayout.ValueStart(Encoded);

    /// <summary>The array of the entry. Never written after the entry is stamped.</summary>
    internal byte[] Encoded { get; }

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    internal long ModifiedAtMilliseconds => EntryLayout.ModifiedAtMilliseconds(Encoded);

    /// <summary>Milliseconds since 1970-01-01 UTC, or <see cref="Never"/>.</summary>
    internal long ExpiresAtMilliseconds => EntryLayout.ExpiresAtMilliseconds(Encoded);

    /// <summary>The bytes of the key.</summary>
    internal ReadOnlySpan<byte> KeyUtf8 => EntryLayout.Key(Encoded);

    /// <summary>Creates an entry. Copies all arguments.</summary>
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

    /// <summary>Whether both are the same entry. Entries that only have the same content are not.</summary>
    public bool Equals(Entry other) => ReferenceEquals(Encoded, other.Encoded);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Entry other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Encoded);

    /// <summary>Whether both are the same entry.</summary>
    public static bool operator ==(Entry left, Entry right) => left.Equals(right);

    /// <summary>Whether both are different entries.</summary>
    public static bool operator !=(Entry left, Entry right) => !left.Equals(right);

    /// <summary>A time in whole milliseconds, rounded up so that no entry expires early. The last millisecond of the year 9999 is rounded down.</summary>
    internal static long MillisecondsNotBefore(DateTimeOffset time)
    {
        var whole = time.ToUnixTimeMilliseconds();
        return time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 || whole == LastMillisecond ? whole : whole + 1;
    }

    /// <summary>The <see cref="ExpiresAt"/> for a number of milliseconds.</summary>
    internal static DateTimeOffset? TimeOf(long expiresAtMilliseconds) =>
        expiresAtMilliseconds == Never ? null : DateTimeOffset.FromUnixTimeMilliseconds(expiresAtMilliseconds);
}
