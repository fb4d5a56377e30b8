namespace KvStore.Client;

/// <summary>How fresh an entry of an origin has to be (RFC 9111, section 5.2.1). Other entries are always the latest. Times are whole seconds; parts of one are left out. Immutable.</summary>
public sealed record KvFreshness
{
    /// <summary>Only what is loaded for this call, or what the origin says is still valid.</summary>
    public bool NoCache { get; init; }

    /// <summary>Load nothing: a <see cref="KvOriginException"/> with the problem <c>not-cached</c> if nothing is stored that is fresh enough.</summary>
    public bool OnlyIfCached { get; init; }

    /// <summary>Nothing that the origin made longer ago; null for any age.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Only what stays fresh for so long; null for no bound.</summary>
    public TimeSpan? MinFresh { get; init; }

    /// <summary>Also what has been stale for no longer, without waiting for a load; null for what the service decides.</summary>
    public TimeSpan? MaxStale { get; init; }

    /// <summary>The value of <c>Cache-Control</c>; null if nothing is asked for.</summary>
    internal string? ToHeader()
    {
        var directives = new List<string>();
        if (NoCache)
            directives.Add("no-cache");
        if (OnlyIfCached)
            directives.Add("only-if-cached");
        Add("max-age", MaxAge);
        Add("min-fresh", MinFresh);
        Add("max-stale", MaxStale);
        return directives.Count > 0 ? string.Join(", ", directives) : null;

        void Add(string name, TimeSpan? time)
        {
            if (time is { } length)
                directives.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={(length >= TimeSpan.Zero ? (long)length.TotalSeconds : throw new ArgumentException($"{name} is negative: {length}."))}"));
        }
    }
}
