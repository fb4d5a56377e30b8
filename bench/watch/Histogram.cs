using System.Globalization;

namespace KvStore.WatchLoad;

/// <summary>Counts times by tenths of a millisecond, up to ten seconds.</summary>
internal sealed class Histogram
{
    private const int PerMillisecond = 10;
    private readonly long[] _counts = new long[10_000 * PerMillisecond];

    public long Count { get; private set; }

    public void Add(TimeSpan time)
    {
        _counts[Math.Clamp((int)(time.TotalMilliseconds * PerMillisecond), 0, _counts.Length - 1)]++;
        Count++;
    }

    public string Describe() => Count == 0
        ? "nothing was delivered"
        : string.Create(CultureInfo.InvariantCulture, $"p50 {At(0.5):F1} ms, p99 {At(0.99):F1} ms, p99.9 {At(0.999):F1} ms, longest {At(1):F1} ms");

    /// <summary>Milliseconds that a share of the times does not exceed; 0 without times.</summary>
    public double At(double share)
    {
        if (Count == 0)
            return 0;
        var (bucket, seen) = (0, _counts[0]);
        while (seen < share * Count)
            seen += _counts[++bucket];
        return (double)bucket / PerMillisecond;
    }
}
