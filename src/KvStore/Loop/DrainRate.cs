namespace KvStore;

/// <summary>How fast the owner loop works the queue off: a running estimate. The loop writes, any thread reads.</summary>
/// <param name="waitMax">The longest that a transaction may wait.</param>
internal sealed class DrainRate(TimeSpan waitMax)
{
    // Half of the estimate is from the last seven batches.
    private const double Retained = 0.9;

    // Owned by the loop.
    private double _work;
    private double _seconds;

    private long _workPerSecond;
    private long _workMax = long.MaxValue;

    /// <summary>The work that can be done in the longest time that a transaction may wait. Without a limit until a batch has been full.</summary>
    public long WorkMax => Volatile.Read(ref _workMax);

    /// <summary>Records a batch.</summary>
    /// <param name="work">Its work.</param>
    /// <param name="elapsed">How long it took until its outcomes were known.</param>
    /// <param name="isFull">
    /// Whether it left transactions in the queue. One that did not may have taken its time for a flush with little to do, so it counts only
    /// if it was faster than the estimate.
    /// </param>
    public void Record(long work, TimeSpan elapsed, bool isFull)
    {
        var seconds = elapsed.TotalSeconds;
        if (seconds <= 0 || (!isFull && work * _seconds <= _work * seconds))
            return;
        _work = (_work * Retained) + work;
        _seconds = (_seconds * Retained) + seconds;
        Volatile.Write(ref _workPerSecond, Math.Max(1, (long)(_work / _seconds)));
        Volatile.Write(ref _workMax, (long)Math.Min(long.MaxValue / 2, _work / _seconds * waitMax.TotalSeconds));
    }

    /// <summary>How long work will take; zero when that is not known yet.</summary>
    public TimeSpan TimeOf(long work)
    {
        var rate = Volatile.Read(ref _workPerSecond);
        return rate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min((double)work / rate, TimeSpan.FromDays(1).TotalSeconds));
    }
}
