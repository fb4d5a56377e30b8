namespace KvStore.Origins;

/// <summary>
/// Whether and when an origin is called: its tokens and its circuit breaker, which loads and writes share, because the origin has one limit for both. Any thread may use it.
/// </summary>
internal sealed class OriginGate : IDisposable
{
    private readonly OriginCallOptions _limits;
    private readonly Action<OriginEvent> _report;
    private bool _isFailing;

    /// <param name="options">The settings of the origin.</param>
    /// <param name="report">Called with what an operator may want to know, from any thread. It must not throw.</param>
    /// <param name="time">The clock.</param>
    public OriginGate(OriginOptions options, Action<OriginEvent> report, TimeProvider time)
    {
        (_limits, _report) = (options.Calls, report);
        Tokens = new TokenBucket(options.Tokens, _limits.PauseMax, time);
        Breaker = new CircuitBreaker(_limits.BreakerFailuresMax, _limits.BreakerOpenFor, time);
    }

    /// <summary>One token for each call.</summary>
    public TokenBucket Tokens { get; }

    /// <summary>Stops calls to an origin that fails.</summary>
    public CircuitBreaker Breaker { get; }

    /// <summary>Records what a call says of the origin.</summary>
    /// <param name="period">What the breaker gave when it admitted the call.</param>
    /// <param name="verdict">What the call says.</param>
    public void Record(long period, CallVerdict verdict)
    {
        if (Breaker.Record(period, verdict) is not { } changed)
            return;
        var isFailing = changed == BreakerState.Open;

        // A probe that fails opens the breaker again, every few seconds for as long as the origin is away.
        if (Interlocked.Exchange(ref _isFailing, isFailing) != isFailing)
            _report(isFailing
                ? new(OriginEventKind.BreakerOpened, $"The origin failed {_limits.BreakerFailuresMax} times in succession. It is not called but for a probe every {_limits.BreakerOpenFor.TotalSeconds} s.")
                : new(OriginEventKind.BreakerClosed, "The origin answers again."));
    }

    /// <summary>Makes no call for a time, because the origin asks for fewer.</summary>
    /// <param name="retryAfter">What the origin said; null if it did not say for how long.</param>
    public void Pause(TimeSpan? retryAfter)
    {
        var isPaused = Tokens.PauseLeft > TimeSpan.Zero;
        Tokens.Pause(retryAfter ?? _limits.PauseDefault);

        // Calls that were in progress are answered alike.
        if (!isPaused)
            _report(new(OriginEventKind.Paused, $"The origin asks for fewer calls, and gets none for {Tokens.PauseLeft.TotalSeconds:0.###} s."));
    }

    public void Dispose() => Tokens.Dispose();
}
