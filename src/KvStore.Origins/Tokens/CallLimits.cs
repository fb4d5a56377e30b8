namespace KvStore.Origins;

/// <summary>Limits of the calls of an origin, which are the same for all origins.</summary>
internal sealed record CallLimits
{
    /// <summary>Calls for one load, the first one included, besides those that only divide a group. Default 3.</summary>
    public int AttemptsMax { get; init; } = 3;

    /// <summary>
    /// How long the second call for a load waits after the first has failed; the third waits twice as long. Up to a half less by chance, so that loads that
    /// failed together are not repeated together. Default 100 milliseconds.
    /// </summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Failed calls in succession after which the origin is not called for a while. Default 10.</summary>
    public int BreakerFailuresMax { get; init; } = 10;

    /// <summary>How long the origin is not called then, until one call probes it. Default 5 seconds.</summary>
    public TimeSpan BreakerOpenFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the origin is not called when it asks for fewer calls without saying for how long. Default 1 second.</summary>
    public TimeSpan PauseDefault { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest that the origin can stop calls by its Retry-After. Default 5 minutes.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromMinutes(5);
}
