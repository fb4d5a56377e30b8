namespace KvStore;

/// <summary>What a <see cref="ReadModifyWrite"/> or a <see cref="SetExpiry"/> does to an entry's expiry.</summary>
public readonly record struct ExpiryUpdate
{
    private ExpiryUpdate(long expiresAtMilliseconds) => (Replaces, ExpiresAtMilliseconds) = (true, expiresAtMilliseconds);

    /// <summary>The expiry stays as it is.</summary>
    public static ExpiryUpdate Unchanged => default;

    /// <summary>The entry no longer expires.</summary>
    public static ExpiryUpdate Never => new(Entry.Never);

    /// <summary>The entry expires at a time, rounded up to the millisecond.</summary>
    public static ExpiryUpdate At(DateTimeOffset expiresAt) => new(Entry.MillisecondsNotBefore(expiresAt));

    /// <summary>Whether it changes anything.</summary>
    internal bool Replaces { get; }

    /// <summary>The new expiry, in milliseconds since 1970-01-01 UTC, or <see cref="Entry.Never"/>; 0 if it changes nothing.</summary>
    internal long ExpiresAtMilliseconds { get; }

    /// <summary>The entry expires at a number of milliseconds since 1970-01-01 UTC, or <see cref="Entry.Never"/>.</summary>
    internal static ExpiryUpdate AtMilliseconds(long expiresAtMilliseconds) => new(expiresAtMilliseconds);

    internal long Apply(Entry? current) => Replaces ? ExpiresAtMilliseconds : current?.ExpiresAtMilliseconds ?? Entry.Never;
}
