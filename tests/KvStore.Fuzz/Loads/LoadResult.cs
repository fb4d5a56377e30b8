using System.Collections.Concurrent;
using System.Globalization;

namespace KvStore.Fuzz;

/// <summary>What came of a load: times of the requests that were served, and how others were refused. Thread-safe.</summary>
internal sealed class LoadResult
{
    private int _retryAfterMin = int.MaxValue;
    private int _retryAfterMax;

    public Latencies Served { get; } = new();

    public Latencies Refused { get; } = new();

    /// <summary>Answers by status; 0 counts connections that ended without one.</summary>
    public ConcurrentDictionary<int, long> Statuses { get; } = new();

    /// <summary>Refusals that do not say when to come back.</summary>
    public long WithoutRetryAfter;

    public void Add(Answer answer, TimeSpan time)
    {
        Statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
        if (answer.IsSuccess)
        {
            Served.Add(time);
            return;
        }

        Refused.Add(time);
        if (answer.RetryAfterSeconds is { } seconds)
            (_retryAfterMin, _retryAfterMax) = (Math.Min(_retryAfterMin, seconds), Math.Max(_retryAfterMax, seconds));
        else
            Interlocked.Increment(ref WithoutRetryAfter);
    }

    public void AddFailure() => Statuses.AddOrUpdate(0, 1, (_, count) => count + 1);

    public string Describe(TimeSpan time) => string.Create(CultureInfo.InvariantCulture,
        $"{Served.Count / time.TotalSeconds:F0} served a second, p50 {Served.At(0.5).TotalMilliseconds:F1} ms, p99 {Served.At(0.99).TotalMilliseconds:F1} ms, longest {Served.Longest.TotalMilliseconds:F0} ms; ")
        + string.Join(", ", Statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}: {status.Value}"))
        + (Refused.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $"; refused after p50 {Refused.At(0.5).TotalMilliseconds:F1} ms, p99 {Refused.At(0.99).TotalMilliseconds:F1} ms; Retry-After {_retryAfterMin} to {_retryAfterMax} s, missing in {WithoutRetryAfter}"));
}
