using System.Numerics;

namespace KvStore.Fuzz;

/// <summary>Counts times in buckets of 6 % width, from a microsecond to a minute. Thread-safe.</summary>
internal sealed class Latencies
{
    private const int BucketsPerDoubling = 16;
    private const int Doublings = 26;

    private readonly long[] _counts = new long[Doublings * BucketsPerDoubling];
    private long _longestTicks;

    public long Count => _counts.Sum();

    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longestTicks));

    public void Add(TimeSpan time)
    {
        var microseconds = (ulong)Math.Max(1, time.TotalMicroseconds);
        var doubling = BitOperations.Log2(microseconds);
        var part = (int)(((microseconds - (1UL << doubling)) * BucketsPerDoubling) >> doubling);
        Interlocked.Increment(ref _counts[Math.Min((doubling * BucketsPerDoubling) + part, _counts.Length - 1)]);
        for (var longest = Interlocked.Read(ref _longestTicks); time.Ticks > longest;)
            longest = Interlocked.CompareExchange(ref _longestTicks, time.Ticks, longest);
    }

    /// <summary>The time that this share of all times does not exceed, rounded up to its bucket.</summary>
    public TimeSpan At(double share)
    {
        var wanted = share * Count;
        var seen = 0L;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen > 0 && seen >= wanted)
                return TimeSpan.FromMicroseconds((1UL << (bucket / BucketsPerDoubling)) * (1 + ((bucket % BucketsPerDoubling) + 1.0) / BucketsPerDoubling));
        }

        return TimeSpan.Zero;
    }
}
