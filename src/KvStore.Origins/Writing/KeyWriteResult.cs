namespace KvStore.Origins;

/// <summary>What became of a write of one key of an origin.</summary>
internal abstract record KeyWriteResult
{
    private KeyWriteResult()
    {
    }

    /// <summary>The store has decided.</summary>
    /// <param name="Outcome">How.</param>
    public sealed record Submitted(Outcome Outcome) : KeyWriteResult;

    /// <summary>The key had to be loaded before, and could not be. Nothing was changed.</summary>
    /// <param name="Failure">Why.</param>
    public sealed record NotLoaded(LoadResult.Failed Failure) : KeyWriteResult;

    /// <summary>The key had to be loaded before, and what was loaded cannot be stored. Nothing was changed.</summary>
    public sealed record NotStored : KeyWriteResult;

    /// <summary>Other writes of the key took all the time, or too many wait. Nothing was changed.</summary>
    /// <param name="RetryAfter">After which time another try makes sense.</param>
    public sealed record Busy(TimeSpan RetryAfter) : KeyWriteResult;

    /// <summary>The origin was not called, or asks for fewer calls. Nothing was changed.</summary>
    /// <param name="RetryAfter">After which time another try makes sense, as far as that is known.</param>
    /// <param name="Detail">Why, as a sentence.</param>
    public sealed record NotCalled(TimeSpan? RetryAfter, string Detail) : KeyWriteResult;

    /// <summary>The origin does not take it. Nothing was changed.</summary>
    /// <param name="Detail">What it said, as a sentence.</param>
    public sealed record Refused(string Detail) : KeyWriteResult;

    /// <summary>The origin may have it or not. The key is loaded again.</summary>
    /// <param name="Detail">What happened, as a sentence.</param>
    public sealed record Unknown(string Detail) : KeyWriteResult;
}
