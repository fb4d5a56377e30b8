namespace KvStore.Origins;

/// <summary>What an origin said to a write.</summary>
public abstract record WriteResult
{
    private WriteResult()
    {
    }

    /// <summary>The origin has it.</summary>
    public sealed record Written : WriteResult;

    /// <summary>The origin does not have it, and would say the same again.</summary>
    /// <param name="Detail">Why, as a sentence for operators and clients, without secrets.</param>
    public sealed record Refused(string Detail) : WriteResult;

    /// <summary>There is no answer, or one that says nothing of the write. The same write may succeed later.</summary>
    /// <param name="Kind">Why.</param>
    /// <param name="RetryAfter">After which time another try makes sense, as far as that is known.</param>
    /// <param name="Detail">What happened, as a sentence for operators and clients, without secrets.</param>
    public sealed record Failed(LoadFailure Kind, TimeSpan? RetryAfter, string Detail) : WriteResult
    {
        /// <summary>Whether the origin may have it all the same: false only if it certainly has not been changed.</summary>
        public bool MayBeWritten { get; init; } = true;

        /// <summary>Whether the origin could not be reached at all, which says nothing of the key.</summary>
        public bool IsUnreachable { get; init; }
    }
}
