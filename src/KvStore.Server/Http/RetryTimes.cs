namespace KvStore.Server;

/// <summary>Values of Retry-After, in whole seconds.</summary>
internal static class RetryTimes
{
    /// <summary>A full queue empties many times a second.</summary>
    public static readonly TimeSpan QueueFull = TimeSpan.FromSeconds(1);

    /// <summary>The time that the store needs for what is queued, rounded up, so that not all who are rejected come back at once while it lasts.</summary>
    public static TimeSpan OfQueue(TimeSpan wait) => wait > QueueFull ? TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)) : QueueFull;

    /// <summary>What one account of memory holds is taken or dropped within moments, unless a client is slow.</summary>
    public static readonly TimeSpan Overloaded = TimeSpan.FromSeconds(1);

    /// <summary>A store loads about a million entries a second.</summary>
    public static readonly TimeSpan Loading = TimeSpan.FromSeconds(1);

    /// <summary>Readiness is polled, so a short time costs little.</summary>
    public static readonly TimeSpan NotReady = TimeSpan.FromSeconds(1);

    /// <summary>A watcher keeps its place until its client leaves.</summary>
    public static readonly TimeSpan TooManyWatchers = TimeSpan.FromSeconds(5);

    /// <summary>A replica is behind for milliseconds, or else for long.</summary>
    public static readonly TimeSpan RevisionNotReached = TimeSpan.FromSeconds(1);

    /// <summary>etcd elects a leader within a few seconds.</summary>
    public static readonly TimeSpan Unreachable = TimeSpan.FromSeconds(2);

    /// <summary>The time in which an orchestrator replaces a process.</summary>
    public static readonly TimeSpan Restart = TimeSpan.FromSeconds(5);

    /// <summary>An issuer is away for moments, or else for long; each request asks it again.</summary>
    public static readonly TimeSpan IssuerUnreachable = TimeSpan.FromSeconds(5);
}
