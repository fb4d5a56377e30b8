namespace KvStore.Server;

/// <summary>
/// Counts the answers of one operation by status and duration. Thread-safe: a request costs two or three increments, on counters that
/// few other processors share.
/// </summary>
internal sealed class OperationMetrics
{
    private const int StatusMin = 100;
    private const int Statuses = 500;

    private static readonly int Stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 8));

    private readonly long[] _bucketTicks;
    private readonly Stripe[] _stripes = new Stripe[Stripes];

    public OperationMetrics(string name, long[] bucketTicks)
    {
        (Name, _bucketTicks) = (name, bucketTicks);
        for (var i = 0; i < _stripes.Length; i++)
            _stripes[i] = new Stripe(bucketTicks.Length + 1);
    }

    public string Name { get; }

    /// <summary>Counts a request; its duration is null if it is client-paced and was slow.</summary>
    public void Add(int status, long? ticks)
    {
        var stripe = _stripes[Thread.GetCurrentProcessorId() & (Stripes - 1)];
        if ((uint)(status - StatusMin) < Statuses)
            Interlocked.Increment(ref stripe.Statuses[status - StatusMin]);
        if (ticks is not { } time)
            return;
        var bucket = 0;
        while (bucket < _bucketTicks.Length && time > _bucketTicks[bucket])
            bucket++;
        Interlocked.Increment(ref stripe.Buckets[bucket]);
        Interlocked.Add(ref stripe.Ticks, time);
    }

    /// <summary>The number of answers by status, without statuses that never occurred.</summary>
    public IEnumerable<(int Status, long Count)> CountByStatus() =>
        from status in Enumerable.Range(0, Statuses)
        let count = _stripes.Sum(stripe => Volatile.Read(ref stripe.Statuses[status]))
        where count > 0
        select (StatusMin + status, count);

    /// <summary>The number of answers in each bucket; the last is for those above all bounds.</summary>
    public long[] CountByTime() =>
        [.. Enumerable.Range(0, _bucketTicks.Length + 1).Select(bucket => _stripes.Sum(stripe => Volatile.Read(ref stripe.Buckets[bucket])))];

    public long Ticks() => _stripes.Sum(stripe => Volatile.Read(ref stripe.Ticks));

    private sealed class Stripe(int buckets)
    {
        public long Ticks;

        public long[] Buckets { get; } = new long[buckets];

        public long[] Statuses { get; } = new long[OperationMetrics.Statuses];
    }
}
