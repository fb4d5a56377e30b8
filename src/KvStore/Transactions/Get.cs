namespace KvStore;

/// <summary>Reads a key's entry as it is before the transaction (<see cref="OperationResult.Entry"/>).</summary>
/// <param name="key">The key; not the default one.</param>
public sealed class Get(Key key) : Operation(key)
{
    internal override bool IsWrite => false;

    internal override bool DependsOnState => true;

    // The result keeps the entry alive, even if it is replaced before the answer is made.
    internal override TransactionCost CostIn(Snapshot latest) => latest.Find(Key) is { } entry ? new(entry.MemoryBytes, 0, ReadBytes: entry.Bytes) : default;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        result = OperationResult.OfRead(context.Find(Key));
        return null;
    }
}
