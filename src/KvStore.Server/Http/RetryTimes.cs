namespace KvStore.Server;

/// <summary>What Retry-After says, by what has to pass first. The header knows whole seconds only.</summary>
internal static class RetryTimes
{
    /// <summary>A full queue is drained many times a second.</summary>
    public static readonly TimeSpan QueueFull = TimeSpan.FromSeconds(1);

    /// <summary>A store loads about a million entries a second.</summary>
    public static readonly TimeSpan Loading = TimeSpan.FromSeconds(1);

    /// <summary>A replica is behind for milliseconds, or else for long.</summary>
    public static readonly TimeSpan RevisionNotReached = TimeSpan.FromSeconds(1);

    /// <summary>A process that is replaced.</summary>
    public static readonly TimeSpan Restart = TimeSpan.FromSeconds(5);
}
