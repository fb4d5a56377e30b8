using System.Globalization;

namespace KvStore.WatchLoad;

/// <summary>Counts times by tenths of a millisecond, up to ten seconds.</summary>
internal sealed class Histogram
{
    private const int PerMillisecond = 10;
    private readonly long[] _counts = new long[10_000 * PerMillisecond];
    private long _count;

    public void Add(TimeSpan time)
    {
        _counts[Math.Clamp((int)(time.TotalMilliseconds * PerMillisecond), 0, _counts.Length - 1)]++;
        _count++;
    }

    public string Describe() => _count == 0
        ? "nothing was delivered"
        : string.Create(CultureInfo.InvariantCulture, $"{_count} deliveries: p50 {At(0.5):F1} ms, p99 {At(0.99):F1} ms, p99.9 {At(0.999):F1} ms, longest {At(1):F1} ms");

    private double At(double share)
    {
        var (bucket, seen) = (0, _counts[0]);
        while (seen < share * _count)
            seen += _counts[++bucket];
        return (double)bucket / PerMillisecond;
    }
}
