namespace KvStore.Origins;

/// <summary>How a <see cref="LoaderPool"/> does.</summary>
internal sealed record LoaderStatus
{
    /// <summary>Workers that there are.</summary>
    public required int Workers { get; init; }

    /// <summary>Workers that call the origin, or store what it answered.</summary>
    public required int Busy { get; init; }

    /// <summary>Loads in the queue.</summary>
    public required int Queued { get; init; }

    /// <summary>Loads in progress, the queued ones included.</summary>
    public required int Loads { get; init; }

    /// <summary>Requests that wait for loads.</summary>
    public required int Waiters { get; init; }

    /// <summary>Tokens that can be taken now.</summary>
    public required int Tokens { get; init; }

    /// <summary>Whether a worker waits for a token.</summary>
    public required bool IsOutOfTokens { get; init; }

    /// <summary>How long no call is made because the origin asked for fewer; zero if calls are made.</summary>
    public required TimeSpan PauseLeft { get; init; }

    /// <summary>Whether calls are made.</summary>
    public required BreakerState Breaker { get; init; }

    /// <summary>Calls of the origin since the start.</summary>
    public long Calls { get; init; }

    /// <summary>Those of them that repeat a failed one, at least for some of their keys.</summary>
    public long RepeatedCalls { get; init; }

    /// <summary>Loads that found a value.</summary>
    public long Found { get; init; }

    /// <summary>Loads that found the value unchanged.</summary>
    public long NotModified { get; init; }

    /// <summary>Loads that found nothing.</summary>
    public long Absent { get; init; }

    /// <summary>Loads that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Requests that waited for a load that had begun for another.</summary>
    public long Collapsed { get; init; }
}
