namespace KvStore;

/// <summary>Deletes every entry whose key starts with a prefix, at one revision.</summary>
/// <param name="prefix">The prefix; not empty. It is copied.</param>
/// <param name="entriesMax">The most entries that are deleted together; with more, none is (<see cref="RejectionReason.TooMany"/>).</param>
public sealed class DeletePrefix(ReadOnlySpan<byte> prefix, int entriesMax) : Operation(Key.FromStored(prefix))
{
    private readonly KeyRange _range = KeyRange.WithPrefix(prefix);

    internal override bool IsExclusive => true;

    internal override KeyRange? DeletedRange => _range;

    internal override bool DependsOnState => true;

    internal override TransactionCost CostIn(Snapshot latest) => latest.CountOf(_range) is var count && count > entriesMax ? default : new(0, count * TransactionCost.DeletionWork);

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var count = context.CountOf(_range);
        result = OperationResult.Of(count > 0, count);
        if (count > entriesMax)
            return new Rejection(RejectionReason.TooMany, null);
        changes.EnsureCapacity((int)count);
        foreach (var entry in context.Scan(_range))
            changes.Add(new EntryChange(entry, null));
        return null;
    }
}
