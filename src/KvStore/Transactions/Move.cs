namespace KvStore;

/// <summary>
/// Moves an entry to another key, with its value, content type and expiry, replacing what is there. Without an entry nothing
/// happens; guard with <see cref="Guard.Exists"/> to make that a failure.
/// </summary>
/// <param name="from">The key that the entry moves from.</param>
/// <param name="to">The key that it moves to; another one.</param>
public sealed class Move(Key from, Key to) : Operation(from)
{
    /// <summary>The key that the entry moves to.</summary>
    public Key To { get; } = to.Length > 0 && to != from ? to : throw new ArgumentException("An entry moves to another key.", nameof(to));

    internal override Key OtherKey => To;

    internal override long Bytes => base.Bytes + To.Length;

    internal override bool DependsOnState => true;

    internal override TransactionCost CostIn(Snapshot latest) => latest.Find(Key) is { } entry ? TransactionCost.OfDerived(entry, To, entry.ValueLength) : default;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var current = context.Find(Key);
        result = OperationResult.Of(current is not null);
        if (current is not { } entry)
            return null;
        var replaced = context.Find(To);
        if (replaced is { IsMergeable: true })
            return new Rejection(RejectionReason.MergeableValue, replaced);

        // The order matters because the history looks for the entry that shares the value in the next change.
        changes.Add(new EntryChange(entry, null));
        changes.Add(context.Rewrite(replaced, To, entry, entry.ExpiresAtMilliseconds));
        return null;
    }
}
