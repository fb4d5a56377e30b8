namespace KvStore.Server;

/// <summary>What a call of a region brought.</summary>
/// <param name="Status">The status; 0 if there is no answer.</param>
/// <param name="Body">The body of a success; null for any other answer.</param>
/// <param name="Problem">Why it was refused, by the heading of docs/http-api.md; empty if the region does not say so.</param>
/// <param name="Sentence">What went wrong, for people; empty for a success.</param>
/// <param name="Region">The store that answered; null if the answer does not say.</param>
/// <param name="Revision">The revision of the state that was read or written; 0 if the answer does not say.</param>
/// <param name="RetryAfter">How long the region wants to be left alone; null if it does not say.</param>
internal sealed record RegionAnswer<T>(int Status, T? Body, string Problem, string Sentence, StoreId? Region, long Revision, TimeSpan? RetryAfter)
    where T : class
{
    /// <summary>Whether the region as a whole cannot be used now: it is away, overloaded, or does not accept the key.</summary>
    public bool IsOfRegion => Status is 0 or 401 or 403 or 408 or 421 or 429 or >= 500 || (Status == 404 && Problem != "not-found");
}
