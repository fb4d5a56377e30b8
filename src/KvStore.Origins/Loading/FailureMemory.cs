using System.Diagnostics.CodeAnalysis;

namespace KvStore.Origins;

/// <summary>Which loads have failed lately, so that a key that cannot be loaded is not loaded for each request. Its caller guards it by a lock.</summary>
/// <param name="length">How long a failure is remembered.</param>
/// <param name="countMax">The most failures that are remembered; the oldest is forgotten for one more.</param>
/// <param name="time">The clock.</param>
internal sealed class FailureMemory(TimeSpan length, int countMax, TimeProvider time)
{
    private readonly Dictionary<Key, (LoadResult.Failed Failure, long At)> _failures = [];

    // Oldest first. Each is remembered equally long, so they are forgotten in this order.
    private readonly Queue<(Key Key, long At)> _order = [];

    public int Count => _failures.Count;

    /// <summary>Finds the failure of a key, with the time that is left until it is forgotten.</summary>
    public bool TryGet(Key key, [NotNullWhen(true)] out LoadResult.Failed? failure)
    {
        failure = null;
        if (!_failures.TryGetValue(key, out var found) || length - time.GetElapsedTime(found.At) is var left && left <= TimeSpan.Zero)
            return false;
        failure = found.Failure with { RetryAfter = left };
        return true;
    }

    /// <summary>Remembers a failure, unless it says nothing of the key.</summary>
    /// <returns>The failure, with the time for which it is remembered: what the requests that have waited for it get must not say less than what the next one gets.</returns>
    public LoadResult.Failed Add(Key key, LoadResult.Failed failure)
    {
        if (length <= TimeSpan.Zero || failure.Kind is LoadFailure.BreakerOpen or LoadFailure.Throttled or LoadFailure.QueueFull)
            return failure;
        var now = time.GetTimestamp();
        while (_order.TryPeek(out var oldest) && (_order.Count >= countMax || time.GetElapsedTime(oldest.At, now) >= length))
        {
            _order.Dequeue();
            if (_failures.TryGetValue(oldest.Key, out var found) && found.At == oldest.At)
                _failures.Remove(oldest.Key);
        }

        _failures[key] = (failure, now);
        _order.Enqueue((key, now));
        return failure with { RetryAfter = length };
    }
}
