namespace KvStore.Server;

/// <summary>
/// A rate with a burst of one second. It may be overdrawn, because what an answer takes is known when it has been sent; then nothing is admitted
/// until that is made up for.
/// </summary>
/// <remarks>
/// Not System.Threading.RateLimiting's bucket: that one cannot be overdrawn, so an answer larger than the burst would cost no more than the burst;
/// it has a timer of its own; and it says how long to wait only to those that it rejects. Not thread-safe.
/// </remarks>
internal struct TokenBucket
{
    private double _tokens;
    private long _filledAt;
    private bool _isFilled;

    /// <summary>Takes an amount if there is at least one token.</summary>
    /// <param name="perSecond">The rate, and the most tokens that there can be.</param>
    /// <param name="now">The time in ticks.</param>
    /// <param name="ticksPerSecond">Ticks of the clock in a second.</param>
    /// <param name="amount">What to take; 0 only looks whether something may be taken.</param>
    public bool TryTake(double perSecond, long now, long ticksPerSecond, double amount)
    {
        Fill(perSecond, now, ticksPerSecond);
        if (_tokens < 1)
            return false;
        _tokens -= amount;
        return true;
    }

    /// <summary>Takes an amount, whether it is there or not.</summary>
    public void Charge(double perSecond, long now, long ticksPerSecond, double amount)
    {
        Fill(perSecond, now, ticksPerSecond);
        _tokens -= amount;
    }

    /// <summary>What is left, in whole tokens.</summary>
    public readonly long Left => (long)Math.Max(0, Math.Floor(_tokens));

    /// <summary>Seconds until there is a token.</summary>
    public readonly double SecondsToOne(double perSecond) => Math.Max(0, (1 - _tokens) / perSecond);

    /// <summary>Whether it has been full for a while: nothing is lost if it is forgotten.</summary>
    public readonly bool IsFull(double perSecond, long now, long ticksPerSecond) => !_isFilled || _tokens + (Elapsed(now, ticksPerSecond) * perSecond) >= perSecond;

    private void Fill(double perSecond, long now, long ticksPerSecond)
    {
        _tokens = _isFilled ? Math.Min(perSecond, _tokens + (Elapsed(now, ticksPerSecond) * perSecond)) : perSecond;
        (_filledAt, _isFilled) = (now, true);
    }

    private readonly double Elapsed(long now, long ticksPerSecond) => (double)(now - _filledAt) / ticksPerSecond;
}
