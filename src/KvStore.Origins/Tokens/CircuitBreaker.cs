namespace KvStore.Origins;

/// <summary>What a call says of the health of its origin.</summary>
internal enum CallVerdict
{
    /// <summary>The origin answered as it should, or refused what was asked for.</summary>
    Healthy,

    /// <summary>The origin could not be reached, did not answer in time, or failed itself.</summary>
    Ill,

    /// <summary>The call ended for another reason.</summary>
    None,
}

/// <summary>Whether calls are made, as <c>GET /v1/origins</c> shows it.</summary>
internal enum BreakerState
{
    /// <summary>Calls are made.</summary>
    Closed,

    /// <summary>No call is made.</summary>
    Open,

    /// <summary>The next call, or the one that is made, decides whether the breaker closes.</summary>
    HalfOpen,
}

/// <summary>
/// Stops calls to an origin that fails: after some failed calls in succession it is open for a time, then one call probes the origin. Any thread may use it.
/// </summary>
/// <remarks>
/// Polly.Core has one that was tried: a probe without a verdict (cancelled, as at a stop) closes it, and it has no way to ask whether a call would be admitted
/// before the call has its token.
/// </remarks>
/// <param name="failuresMax">Failed calls in succession that open it; at least 1.</param>
/// <param name="openFor">How long it stays open before a call probes the origin.</param>
/// <param name="time">The clock.</param>
internal sealed class CircuitBreaker(int failuresMax, TimeSpan openFor, TimeProvider time)
{
    private readonly Lock _lock = new();

    // A change of the state begins another period. What was found out by a call of an earlier one says nothing of the present.
    private long _period;
    private bool _isOpen;
    private bool _isProbing;
    private long _openedAt;
    private int _failures;

    /// <summary>The state.</summary>
    public BreakerState State
    {
        get
        {
            lock (_lock)
                return !_isOpen ? BreakerState.Closed : _isProbing || time.GetElapsedTime(_openedAt) >= openFor ? BreakerState.HalfOpen : BreakerState.Open;
        }
    }

    /// <summary>How long no call is admitted; null if one would be admitted now. While a call probes the origin, as if the breaker had just opened.</summary>
    public TimeSpan? OpenLeft
    {
        get
        {
            lock (_lock)
            {
                var left = _isProbing ? openFor : openFor - time.GetElapsedTime(_openedAt);
                return _isOpen && left > TimeSpan.Zero ? left : null;
            }
        }
    }

    /// <summary>Admits a call, whose verdict has to be recorded; false while none is admitted.</summary>
    /// <param name="period">What <see cref="Record"/> needs.</param>
    public bool TryEnter(out long period)
    {
        lock (_lock)
        {
            period = _period;
            if (!_isOpen)
                return true;
            if (_isProbing || time.GetElapsedTime(_openedAt) < openFor)
                return false;
            return _isProbing = true;
        }
    }

    /// <summary>Records what a call says of the origin.</summary>
    /// <returns>The state that the breaker has changed to; null if it has not changed.</returns>
    public BreakerState? Record(long period, CallVerdict verdict)
    {
        lock (_lock)
        {
            if (period != _period)
                return null;
            _isProbing = false;
            if (verdict == CallVerdict.None)
                return null;
            _failures = verdict == CallVerdict.Ill ? _failures + 1 : 0;
            var isOpen = _failures > 0 && (_isOpen || _failures >= failuresMax);
            if (!isOpen && !_isOpen)
                return null;
            (_isOpen, _openedAt) = (isOpen, time.GetTimestamp());
            _period++;
            return isOpen ? BreakerState.Open : BreakerState.Closed;
        }
    }
}
