using System.Diagnostics.Metrics;

namespace KvStore.Server;

/// <summary>Counts refused changes of mergeable values, by the name of their problem. Everything else that is measured is in <see cref="StatusFields"/>.</summary>
internal sealed class MergeableInstruments(IMeterFactory meters)
{
    private readonly Counter<long> _refused = meters.Create(StoreMetrics.MeterName)
        .CreateCounter<long>("kvstore.crdt.refusals", null, "Changes and reads of mergeable values that were refused, by the name of the problem.");

    /// <summary>Counts a problem, and returns it.</summary>
    public Problem Count(Problem problem)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("reason", problem.Slug));
        return problem;
    }
}
