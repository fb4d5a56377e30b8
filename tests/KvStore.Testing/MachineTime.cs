namespace KvStore.Testing;

/// <summary>The clocks of one machine: monotonic ones run alike on all machines, and wall clocks are set.</summary>
internal sealed class MachineTime(TimeProvider shared) : TimeProvider
{
    /// <summary>How far the wall clock is from the true time.</summary>
    public TimeSpan Error { get; set; }

    public override long TimestampFrequency => shared.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => shared.GetUtcNow() + Error;

    public override long GetTimestamp() => shared.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => shared.CreateTimer(callback, state, dueTime, period);
}
