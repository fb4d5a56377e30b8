namespace KvStore;

/// <summary>What a <see cref="ReadModifyWrite"/> or a <see cref="SetExpiry"/> does to an entry's expiry.</summary>
public readonly record struct ExpiryUpdate
{
    private readonly bool _replaces;
    private readonly long _expiresAt;

    private ExpiryUpdate(long expiresAt) => (_replaces, _expiresAt) = (true, expiresAt);

    /// <summary>The expiry stays as it is.</summary>
    public static ExpiryUpdate Unchanged => default;

    /// <summary>The entry no longer expires.</summary>
    public static ExpiryUpdate Never => new(Entry.Never);

    /// <summary>The entry expires at a time, rounded up to the millisecond.</summary>
    public static ExpiryUpdate At(DateTimeOffset expiresAt) => new(Entry.MillisecondsNotBefore(expiresAt));

    internal long Apply(Entry? current) => _replaces ? _expiresAt : current?.ExpiresAtMilliseconds ?? Entry.Never;
}
