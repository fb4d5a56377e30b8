namespace KvStore;

/// <summary>Deletes an entry that has expired, unless it has been written since.</summary>
/// <param name="key">The key.</param>
/// <param name="revision">The revision of the expired entry.</param>
internal sealed class Expire(Key key, long revision) : Operation(key)
{
    /// <summary>The revision of the expired entry.</summary>
    internal long Revision => revision;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var current = context.Find(Key);
        if (current is { } entry && entry.Revision == revision)
            changes.Add(EntryChange.Expired(entry));
        result = OperationResult.Of(current is not null);
        return null;
    }
}
