using System.Collections.Concurrent;

namespace KvStore.Origins;

/// <summary>
/// Which keys are being delivered, and which wait after a delivery that failed. What is dirty besides is in the store alone, so it takes no memory here however much there is. Keys are those of
/// the marks. One thread takes, any thread ends.
/// </summary>
/// <param name="workMax">The most keys that are taken at a time.</param>
/// <param name="time">The clock.</param>
internal sealed class OutboxSchedule(int workMax, TimeProvider time)
{
    /// <summary>The longest time between two attempts.</summary>
    public static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PostponeMin = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Key, Attempt> _attempts = [];
    private int _taken;

    /// <summary>How many more keys can be taken.</summary>
    public int Free => workMax - Volatile.Read(ref _taken);

    /// <summary>Whether a key can be taken now.</summary>
    /// <param name="mark">The key.</param>
    /// <param name="next">When a key that waits can be taken, if that is before what is given.</param>
    public bool IsDue(Key mark, ref long next)
    {
        if (_attempts.IsEmpty || !_attempts.TryGetValue(mark, out var attempt))
            return true;
        if (attempt.IsTaken)
            return false;
        if (attempt.DueAt <= time.GetTimestamp())
            return true;
        next = Math.Min(next, attempt.DueAt);
        return false;
    }

    /// <summary>Takes a key that is due, until <see cref="End"/>.</summary>
    public void Take(Key mark)
    {
        _attempts[mark] = new Attempt(_attempts.GetValueOrDefault(mark)?.Failures ?? 0, 0, IsTaken: true);
        Interlocked.Increment(ref _taken);
    }

    /// <summary>How many attempts have failed for a key.</summary>
    public int FailuresOf(Key mark) => _attempts.GetValueOrDefault(mark)?.Failures ?? 0;

    /// <summary>Ends what <see cref="Take"/> began.</summary>
    /// <param name="mark">The key.</param>
    /// <param name="delivery">What became of it.</param>
    public void End(Key mark, Delivery delivery)
    {
        if (delivery.End is not (DeliveryEnd.Failed or DeliveryEnd.Postponed))
        {
            _attempts.TryRemove(mark, out _);
        }
        else
        {
            var failures = FailuresOf(mark) + (delivery.End == DeliveryEnd.Failed ? 1 : 0);

            // Twice as long each time, and up to a half less by chance, so that what failed together is not tried again together.
            var delay = delivery.End == DeliveryEnd.Postponed ? PostponeMin : DelayMin * Math.Pow(2, Math.Min(failures - 1, 16));
            delay = (delay < DelayMax ? delay : DelayMax) * (1 - (Random.Shared.NextDouble() / 2));
            delay = delay > delivery.RetryAfter ? delay : delivery.RetryAfter;
            _attempts[mark] = new Attempt(failures, time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency), IsTaken: false);
        }

        Interlocked.Decrement(ref _taken);
    }

    /// <summary>Forgets the attempts of keys that are not dirty any more.</summary>
    public void Forget(Func<Key, bool> isDirty)
    {
        foreach (var (mark, attempt) in _attempts)
        {
            if (!attempt.IsTaken && !isDirty(mark))
                _attempts.TryRemove(KeyValuePair.Create(mark, attempt));
        }
    }

    private sealed record Attempt(int Failures, long DueAt, bool IsTaken);
}
