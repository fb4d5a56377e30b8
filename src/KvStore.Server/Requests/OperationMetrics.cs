namespace KvStore.Server;

/// <summary>
/// How often an operation was answered, with which status, and how long that took. Any thread adds, at the cost of two or three
/// increments on memory that its processor has nearly for itself.
/// </summary>
internal sealed class OperationMetrics
{
    private const int StatusMin = 100;
    private const int Statuses = 500;

    private static readonly int Stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 8));

    private readonly long[] _bucketTicks;
    private readonly Stripe[] _stripes = new Stripe[Stripes];

    /// <param name="name">The operation's id.</param>
    /// <param name="bucketTicks">The upper bounds of the times that are told apart, in order.</param>
    public OperationMetrics(string name, long[] bucketTicks)
    {
        (Name, _bucketTicks) = (name, bucketTicks);
        for (var i = 0; i < _stripes.Length; i++)
            _stripes[i] = new Stripe(bucketTicks.Length + 1);
    }

    /// <summary>The operation's id.</summary>
    public string Name { get; }

    /// <summary>Counts a request.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="ticks">How long it took; null when that was up to the client.</param>
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

    /// <summary>How often each status was answered, without those that never were.</summary>
    public IEnumerable<(int Status, long Count)> CountByStatus() =>
        from status in Enumerable.Range(0, Statuses)
        let count = _stripes.Sum(stripe => Volatile.Read(ref stripe.Statuses[status]))
        where count > 0
        select (StatusMin + status, count);

    /// <summary>How many requests took at most as long as each bound says and longer than the one before says; the last number is of those over all bounds.</summary>
    public long[] CountByTime() =>
        [.. Enumerable.Range(0, _bucketTicks.Length + 1).Select(bucket => _stripes.Sum(stripe => Volatile.Read(ref stripe.Buckets[bucket])))];

    /// <summary>How long all of them took together.</summary>
    public long Ticks() => _stripes.Sum(stripe => Volatile.Read(ref stripe.Ticks));

    private sealed class Stripe(int buckets)
    {
        public long Ticks;

        public long[] Buckets { get; } = new long[buckets];

        public long[] Statuses { get; } = new long[OperationMetrics.Statuses];
    }
}
