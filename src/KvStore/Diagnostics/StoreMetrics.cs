using System.Diagnostics.Metrics;

namespace KvStore;

/// <summary>The instruments of the store. Without a meter, or a listener, a measurement costs next to nothing. Thread-safe.</summary>
/// <param name="meter">Owns the instruments; null for a store that is not measured.</param>
public sealed class StoreMetrics(Meter? meter)
{
    /// <summary>The name of the meter of the store and of the service around it.</summary>
    public const string MeterName = "KvStore";

    private static readonly InstrumentAdvice<double> Waits = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    };

    private static readonly InstrumentAdvice<long> Batches = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384] };

    private readonly Histogram<double>? _queueWait = meter?.CreateHistogram(
        "kvstore.queue.wait", "s", "How long writes waited until they were taken into a batch.", null, Waits);

    private readonly Histogram<long>? _batchOperations = meter?.CreateHistogram(
        "kvstore.batch.operations", "{operation}", "Writes of a batch, which is committed and flushed at once.", null, Batches);

    private readonly Histogram<double>? _commitDuration = meter?.CreateHistogram(
        "kvstore.commit.duration", "s", "How long batches took from the queue until their outcomes were known.", null, Waits);

    private readonly Histogram<double>? _flushDuration = meter?.CreateHistogram(
        "kvstore.log.flush.duration", "s", "How long the disk took for flushes of the log.", null, Waits);

    private readonly Counter<long>? _expired = meter?.CreateCounter<long>("kvstore.entries.expired", "{entry}", "Entries that were deleted because they had expired.");

    /// <summary>Whether <see cref="RecordWait"/> has any use.</summary>
    internal bool MeasuresWaits => _queueWait is { Enabled: true };

    internal void RecordWait(TimeSpan wait) => _queueWait?.Record(wait.TotalSeconds);

    internal void RecordCommit(int operations, TimeSpan elapsed)
    {
        _batchOperations?.Record(operations);
        _commitDuration?.Record(elapsed.TotalSeconds);
    }

    internal void RecordFlush(TimeSpan elapsed) => _flushDuration?.Record(elapsed.TotalSeconds);

    internal void RecordExpired(int entries) => _expired?.Add(entries);
}
