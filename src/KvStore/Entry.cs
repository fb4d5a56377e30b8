namespace KvStore;

/// <summary>A key with its value and what is known of it. Immutable; safe to read from any thread.</summary>
public sealed class Entry
{
    /// <summary>What <see cref="ExpiresAtMilliseconds"/> holds when the entry does not expire.</summary>
    internal const long Never = long.MaxValue;

    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    internal Entry(
        Key key,
        ReadOnlyMemory<byte> value,
        string contentType,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds = Never)
    {
        Key = key;
        Value = value;
        ContentType = contentType;
        CreatedRevision = createdRevision;
        Revision = revision;
        Version = version;
        ModifiedAtMilliseconds = modifiedAtMilliseconds;
        ExpiresAtMilliseconds = expiresAtMilliseconds;
    }

    /// <summary>The key.</summary>
    public Key Key { get; }

    /// <summary>The value's bytes. They belong to the store and never change.</summary>
    public ReadOnlyMemory<byte> Value { get; }

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
    public long Bytes => Key.Length + Value.Length;

    /// <summary>Milliseconds since 1970-01-01 UTC; a number because it takes half of a DateTimeOffset's room.</summary>
    internal long ModifiedAtMilliseconds { get; }

    /// <summary>Milliseconds since 1970-01-01 UTC, or <see cref="Never"/>.</summary>
    internal long ExpiresAtMilliseconds { get; }

    /// <summary>A time as a whole number of milliseconds, rounded up: an entry is never deleted before its time (but in the year 9999).</summary>
    internal static long MillisecondsNotBefore(DateTimeOffset time)
    {
        var whole = time.ToUnixTimeMilliseconds();
        return time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 || whole == LastMillisecond ? whole : whole + 1;
    }
}
