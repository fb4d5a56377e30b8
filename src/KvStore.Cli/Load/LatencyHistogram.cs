namespace KvStore.Cli;

/// <summary>
/// Latencies in 16 intervals for each power of two of microseconds: a percentile is right to 4 %, and takes the same memory for any number of calls. Several threads may add at once.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int PerPower = 16;
    private const int Powers = 32;

    private readonly long[] _counts = new long[Powers * PerPower];
    private long _max;

    public long Count => _counts.Sum();

    public double MaxMicroseconds => _max;

    public void Add(TimeSpan time)
    {
        var microseconds = Math.Max(1, time.TotalMicroseconds);
        Interlocked.Increment(ref _counts[Math.Clamp((int)(Math.Log2(microseconds) * PerPower), 0, _counts.Length - 1)]);
        for (var max = Volatile.Read(ref _max); microseconds > max && Interlocked.CompareExchange(ref _max, (long)microseconds, max) != max;)
            max = Volatile.Read(ref _max);
    }

    /// <summary>The upper end of the interval that has the percentile, but no more than the longest latency.</summary>
    public double Percentile(double percent)
    {
        var left = (long)Math.Ceiling(Count * percent / 100);
        for (var index = 0; index < _counts.Length; index++)
        {
            left -= _counts[index];
            if (left <= 0)
                return Math.Min(Math.Pow(2, (index + 1.0) / PerPower), Math.Max(1, _max));
        }

        return _max;
    }
}
