namespace KvStore.Client;

/// <summary>How a read of an entry of an origin was answered: <c>Cache-Status</c> (RFC 9211) and <c>Age</c>. Immutable.</summary>
public sealed record KvCacheStatus
{
    private const string CacheName = "kvstore";

    /// <summary>Whether it was stored before, so that this read loaded nothing.</summary>
    public bool IsHit { get; init; }

    /// <summary>Why it was loaded, or a load was tried: <c>uri-miss</c>, <c>stale</c> or <c>request</c>; null for a hit.</summary>
    public string? Forward { get; init; }

    /// <summary>What the load found: 200, or 304 if the origin says that what was stored is still valid; null if it failed, and for a hit.</summary>
    public int? ForwardStatus { get; init; }

    /// <summary>How long it is still fresh; negative if it is stale; null if it is not stored.</summary>
    public TimeSpan? FreshLeft { get; init; }

    /// <summary>Whether what was loaded is stored.</summary>
    public bool IsStored { get; init; }

    /// <summary>Whether the load had begun for another request.</summary>
    public bool IsCollapsed { get; init; }

    /// <summary>Why a load failed, such as <c>timeout</c>, although a stale entry was served; null otherwise.</summary>
    public string? Detail { get; init; }

    /// <summary>The time since the origin made the answer; null if it is not stored.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Whether it is older than it should be.</summary>
    public bool IsStale => FreshLeft <= TimeSpan.Zero;

    /// <summary>Reads the headers; null if they say nothing of KvStore, as for an entry of no origin. Caches in between add their own.</summary>
    internal static KvCacheStatus? Of(string? cacheStatus, string? age)
    {
        foreach (var cache in (cacheStatus ?? "").Split(','))
        {
            var parts = cache.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] != CacheName)
                continue;
            var parameters = parts.Skip(1).Select(part => part.Split('=', 2)).DistinctBy(part => part[0]).ToDictionary(part => part[0], part => part.Length > 1 ? part[1] : "");
            return new KvCacheStatus
            {
                IsHit = parameters.ContainsKey("hit"),
                Forward = parameters.GetValueOrDefault("fwd"),
                ForwardStatus = (int?)NumberOf(parameters.GetValueOrDefault("fwd-status")),
                FreshLeft = TimeOf(parameters.GetValueOrDefault("ttl")),
                IsStored = parameters.ContainsKey("stored"),
                IsCollapsed = parameters.ContainsKey("collapsed"),
                Detail = parameters.GetValueOrDefault("detail")?.Trim('"'),
                Age = TimeOf(age),
            };
        }

        return null;
    }

    private static TimeSpan? TimeOf(string? seconds) => NumberOf(seconds) is { } number ? TimeSpan.FromSeconds(number) : null;

    private static int? NumberOf(string? text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
