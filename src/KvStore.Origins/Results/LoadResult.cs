namespace KvStore.Origins;

/// <summary>What an origin answered for one key.</summary>
public abstract record LoadResult
{
    private LoadResult()
    {
    }

    /// <summary>The origin has a value.</summary>
    /// <param name="Value">The value. The result owns the memory, and nothing writes to it any more.</param>
    /// <param name="ContentType">The media type, as an entry has it; empty for none.</param>
    /// <param name="ETag">The origin's own ETag, with its quotes and prefix; null if it sent none.</param>
    /// <param name="Freshness">What the origin said about its freshness.</param>
    public sealed record Found(ReadOnlyMemory<byte> Value, string ContentType, string? ETag, OriginFreshness Freshness) : LoadResult;

    /// <summary>What the request's ETag stands for is still valid.</summary>
    /// <param name="Freshness">What the origin said about its freshness.</param>
    public sealed record NotModified(OriginFreshness Freshness) : LoadResult;

    /// <summary>The origin has nothing under the key.</summary>
    /// <param name="Freshness">What the origin said about the freshness of this answer.</param>
    public sealed record Absent(OriginFreshness Freshness) : LoadResult;

    /// <summary>There is no answer that could be used.</summary>
    /// <param name="Kind">Why.</param>
    /// <param name="RetryAfter">After which time another try makes sense, as far as that is known.</param>
    /// <param name="Detail">What happened, as a sentence for operators and clients, without secrets.</param>
    public sealed record Failed(LoadFailure Kind, TimeSpan? RetryAfter, string Detail) : LoadResult
    {
        /// <summary>Whether the failure says nothing of the key, so that the same call may succeed in a moment: the origin could not be reached, or failed itself.</summary>
        public bool IsTransient { get; init; }
    }
}

/// <summary>Why there is no answer of an origin.</summary>
public enum LoadFailure
{
    /// <summary>The origin answered something that is not acceptable as a value, or its answer ended early.</summary>
    BadAnswer,

    /// <summary>No connection to the origin could be made, so it certainly has not got the call.</summary>
    Unreachable,

    /// <summary>The origin did not answer in time.</summary>
    Timeout,

    /// <summary>The origin has failed so often that it is not called for a while.</summary>
    BreakerOpen,

    /// <summary>The origin asks for fewer calls, or there is no token for one in time.</summary>
    Throttled,

    /// <summary>The origin refuses what it was asked, and will again.</summary>
    Refused,

    /// <summary>Too many loads, or too many waiters for one, are waiting already.</summary>
    QueueFull,
}
