using System.Globalization;

namespace KvStore.Extensions.Caching;

/// <summary>
/// How long an entry of the cache lives. It is written into the media type of the entry, so that the value is what the application stored, byte for byte, and a renewal changes nothing
/// but the expiry: <c>application/octet-stream; sliding=1200000; until=1790000000000</c>, in milliseconds.
/// </summary>
/// <param name="Sliding">The sliding expiration; null for none.</param>
/// <param name="Until">When the entry ends however often it is used; null for never.</param>
internal readonly record struct CacheEntry(TimeSpan? Sliding, DateTimeOffset? Until)
{
    private const string MediaType = "application/octet-stream";

    // An answer has the expiry and its own time in whole seconds, the one rounded up and the other down and up to a second old.
    private static readonly TimeSpan RoundingMax = TimeSpan.FromSeconds(2);

    /// <summary>The lifetime that the options of an entry ask for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration is in the past.</exception>
    public static CacheEntry Of(DistributedCacheEntryOptions options, TimeSpan? defaultLifetime, DateTimeOffset now)
    {
        if (options.AbsoluteExpiration <= now)
            throw new ArgumentOutOfRangeException(nameof(options), options.AbsoluteExpiration, "The absolute expiration must be in the future.");
        var relative = options.AbsoluteExpirationRelativeToNow ?? (options.AbsoluteExpiration is null && options.SlidingExpiration is null ? defaultLifetime : null);
        return new CacheEntry(options.SlidingExpiration, relative is { } lifetime ? now + lifetime : options.AbsoluteExpiration);
    }

    public static CacheEntry Parse(string mediaType)
    {
        TimeSpan? sliding = null;
        DateTimeOffset? until = null;
        foreach (var part in mediaType.Split(';', StringSplitOptions.TrimEntries).Skip(1))
        {
            if (part.Split('=') is not [var name, var text] || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
                continue;
            if (name == "sliding")
                sliding = TimeSpan.FromMilliseconds(milliseconds);
            else if (name == "until")
                until = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        }

        return new CacheEntry(sliding, until);
    }

    public string ToMediaType() => string.Create(
        CultureInfo.InvariantCulture,
        $"{MediaType}{(Sliding is { } sliding ? $"; sliding={(long)sliding.TotalMilliseconds}" : "")}{(Until is { } until ? $"; until={until.ToUnixTimeMilliseconds()}" : "")}");

    public bool HasEnded(DateTimeOffset now) => Until <= now;

    /// <summary>The lifetime to give the entry in the store when it is written or used now; null for no end.</summary>
    public TimeSpan? LifetimeAt(DateTimeOffset now, double slack)
    {
        var left = Until - now;
        var idle = Sliding * (1 + slack);
        return left is null || idle < left ? idle : left;
    }

    /// <summary>Whether a use now has to renew the entry: it may have less to live than its sliding expiration, and its absolute one does not end it earlier anyway.</summary>
    /// <param name="left">What is left of its lifetime in the store, by the clock of the store, rounded up.</param>
    /// <param name="now">The time.</param>
    public bool NeedsRenewal(TimeSpan? left, DateTimeOffset now) =>
        Sliding is { } sliding && left is { } known && known - RoundingMax < sliding && !(Until - now <= known);
}
