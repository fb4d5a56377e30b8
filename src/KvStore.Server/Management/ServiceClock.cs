namespace KvStore.Server;

/// <summary>When the service started.</summary>
internal sealed class ServiceClock(TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>The time since then, by the monotonic clock.</summary>
    public TimeSpan Uptime => time.GetElapsedTime(_startedAt);
}
