namespace KvStore;

/// <summary>Reads a key's entry as it is before the transaction (<see cref="OperationResult.Entry"/>).</summary>
/// <param name="key">The key; not the default one.</param>
public sealed class Get(Key key) : Operation(key)
{
    internal override bool IsWrite => false;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        result = OperationResult.OfRead(context.Find(Key));
        return null;
    }
}
