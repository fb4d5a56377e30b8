namespace KvStore.Server;

/// <summary>When the service was made, for those who ask how long it has been up.</summary>
internal sealed class ServiceClock(TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();

    /// <summary>The time of the start.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>The time since then; a clock that is set does not change it.</summary>
    public TimeSpan Uptime => time.GetElapsedTime(_startedAt);
}
