using KvStore.Crdt;

namespace KvStore.Server;

/// <summary>What became of an exchange. One of the nested types.</summary>
internal abstract record ExchangeResult
{
    private ExchangeResult()
    {
    }

    /// <summary>Each side has what the other one had.</summary>
    /// <param name="Region">The store of the region.</param>
    /// <param name="Here">The revision of this store up to which the region has everything.</param>
    /// <param name="There">The revision of the region's store up to which this store has everything.</param>
    /// <param name="Known">What the region's value includes; null if there is none.</param>
    public sealed record Exchanged(StoreId Region, long Here, long There, VersionVector? Known) : ExchangeResult;

    /// <summary>The values cannot be merged, and repeating it does not help.</summary>
    /// <param name="Reason">Why, as a sentence.</param>
    public sealed record Conflict(string Reason) : ExchangeResult;

    /// <summary>Of this key alone it did not succeed, and may later.</summary>
    /// <param name="Sentence">Why.</param>
    public sealed record Failed(string Sentence) : ExchangeResult;

    /// <summary>The region cannot be used now.</summary>
    /// <param name="Sentence">Why.</param>
    /// <param name="RetryAfter">How long it wants to be left alone; null if it did not say.</param>
    public sealed record RegionFailed(string Sentence, TimeSpan? RetryAfter) : ExchangeResult;
}
