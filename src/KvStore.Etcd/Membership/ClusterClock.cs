namespace KvStore.Etcd;

/// <summary>
/// The clock of the replicas together: the middle one of their clocks, so that one wrong clock neither expires entries early nor stamps wrong times. Of two that
/// disagree, the earlier one counts. Thread-safe.
/// </summary>
/// <remarks>
/// It goes back at once, because a clock that is ahead of the others expires their entries early. It advances to the middle slowly, because entries have been stamped by it; at
/// once only as far as the clocks of all the others are, or by as much as the own clock was set. Alone, it is the own clock.
/// </remarks>
internal sealed class ClusterClock(TimeProvider own) : TimeProvider
{
    /// <summary>Clocks that differ by less agree: as much may be the delay of a record on its way.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(250);

    // A lifetime of a minute ends 0.3 s early at this rate.
    private const int AdvanceDivisor = 200;

    private readonly Lock _lock = new();
    private ClockSample[] _others = [];
    private volatile Adjustment? _current;

    /// <summary>The clocks of this machine.</summary>
    public TimeProvider Own => own;

    public override long TimestampFrequency => own.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => own.LocalTimeZone;

    /// <summary>What it is ahead of the own clock.</summary>
    public TimeSpan Offset => _current?.Offset ?? TimeSpan.Zero;

    /// <summary>How far the own clock is from the middle one: positive if it is ahead; zero if they agree.</summary>
    public TimeSpan Error => _current?.Error ?? TimeSpan.Zero;

    public override DateTimeOffset GetUtcNow()
    {
        var now = own.GetUtcNow();
        if (_current is not { } current)
            return now;

        // The own clock may be set at any moment, and a second of a wrong one would expire entries.
        if ((now - DateTimeOffset.UnixEpoch - Monotonic(own) - current.Own).Duration() > Tolerance)
            current = Adjust();
        return now + current.Offset;
    }

    public override long GetTimestamp() => own.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => own.CreateTimer(callback, state, dueTime, period);

    /// <summary>Follows the clocks of the other replicas that live. To be called about once a second, and when they change.</summary>
    public void Follow(ClockSample[] others)
    {
        lock (_lock)
        {
            _others = others;
            Adjust();
        }
    }

    /// <summary>The monotonic clock's time, from a beginning of its own.</summary>
    public static TimeSpan Monotonic(TimeProvider time) => time.GetElapsedTime(0, time.GetTimestamp());

    private Adjustment Adjust()
    {
        lock (_lock)
        {
            var monotonic = Monotonic(own);
            var ownNow = own.GetUtcNow() - DateTimeOffset.UnixEpoch - monotonic;
            var middle = MiddleOf(ownNow, _others);
            var target = (middle - ownNow).Duration() < Tolerance ? ownNow : middle;
            var reachable = ReachableFrom(ownNow, monotonic) ?? target;
            var cluster = target - reachable < Tolerance ? target : reachable;
            return _current = new Adjustment(ownNow, cluster, monotonic, ownNow - target);
        }
    }

    /// <summary>The latest time that it may have now; null for any.</summary>
    private TimeSpan? ReachableFrom(TimeSpan ownNow, TimeSpan monotonic)
    {
        var others = _others.Min(other => other.Cluster);
        if (_current is not { } before)
            return others;
        var step = ownNow > before.Own ? ownNow - before.Own : TimeSpan.Zero;
        var slowly = before.Cluster + step + ((monotonic - before.At) / AdvanceDivisor);
        return others > slowly ? others : slowly;
    }

    /// <summary>The middle of all clocks; of an even number, the earlier of the two in the middle.</summary>
    private static TimeSpan MiddleOf(TimeSpan ownNow, ClockSample[] others)
    {
        TimeSpan[] all = [ownNow, .. others.Select(other => other.Own)];
        Array.Sort(all);
        return all[(all.Length - 1) / 2];
    }

    /// <summary>Where the clocks were, relative to the monotonic one, when it was last adjusted.</summary>
    private sealed record Adjustment(TimeSpan Own, TimeSpan Cluster, TimeSpan At, TimeSpan Error)
    {
        public TimeSpan Offset { get; } = Cluster - Own;
    }
}
