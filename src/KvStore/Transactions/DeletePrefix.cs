namespace KvStore;

/// <summary>Deletes every entry whose key starts with a prefix, at one revision.</summary>
/// <param name="prefix">The prefix; not empty. It is copied.</param>
/// <param name="entriesMax">The most entries that are deleted together; with more, none is (<see cref="RejectionReason.TooMany"/>).</param>
public sealed class DeletePrefix(ReadOnlySpan<byte> prefix, int entriesMax) : Operation(Key.FromStored(prefix))
{
    private readonly KeyRange _range = KeyRange.WithPrefix(prefix);

    /// <summary>The most entries that are deleted together.</summary>
    internal int EntriesMax => entriesMax;

    internal override bool IsExclusive => true;

    /// <summary>
    /// The most deletions that are changes of the commit. A thousand take about a millisecond; more would hold other writes up, so the commit then has
    /// them as a <see cref="DeletedPrefix"/>, in a time that does not depend on their number.
    /// </summary>
    internal int ChangesMax { get; init; } = 1000;

    internal override bool DependsOnState => true;

    // So many that they are no changes take less.
    internal override TransactionCost CostIn(Snapshot latest)
    {
        var count = latest.CountOf(_range);
        if (count > entriesMax)
            return default;
        var changes = Math.Min(count, ChangesMax);
        return new(changes * TransactionCost.DeletionBytes, changes * TransactionCost.DeletionWork);
    }

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var count = context.CountOf(_range);
        result = OperationResult.Of(count > 0, count);
        if (count > entriesMax)
            return new Rejection(RejectionReason.TooMany, null);
        if (count > ChangesMax)
            return null;
        changes.EnsureCapacity((int)count);
        foreach (var entry in context.Scan(_range))
            changes.Add(new EntryChange(entry, null));
        return null;
    }

    internal override DeletedPrefix? FindDeleted(in EvaluationContext context) =>
        context.CountOf(_range) > ChangesMax ? new DeletedPrefix(Key, context.Slice(_range)) : null;
}
