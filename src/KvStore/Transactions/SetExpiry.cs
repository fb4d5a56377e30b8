namespace KvStore;

/// <summary>Changes when an entry expires, and nothing else of it. Without an entry nothing happens.</summary>
/// <param name="key">The key.</param>
/// <param name="expiry">The new expiry.</param>
public sealed class SetExpiry(Key key, ExpiryUpdate expiry) : Operation(key)
{
    /// <summary>The new expiry.</summary>
    internal ExpiryUpdate Expiry => expiry;

    internal override bool DependsOnState => true;

    // The log has the record of a shared value without it.
    internal override TransactionCost CostIn(Snapshot latest) =>
        latest.Find(Key) is { } entry ? TransactionCost.OfDerived(entry, Key, entry.ValueLength < SharedValue.BytesMin ? entry.ValueLength : 0) : default;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var current = context.Find(Key);
        result = OperationResult.Of(current is not null);
        if (current is { } entry)
            changes.Add(context.Rewrite(current, Key, entry, expiry.Apply(current)));
        return null;
    }
}
