namespace KvStore;

/// <summary>Deletes a key's entry. Without an entry nothing happens; guard with <see cref="Guard.Exists"/> to make that a failure.</summary>
/// <param name="key">The key; not the default one.</param>
public sealed class Delete(Key key) : Operation(key)
{
    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var current = context.Find(Key);
        if (current is { } entry)
            changes.Add(new EntryChange(entry, null));
        result = OperationResult.Of(current is not null);
        return null;
    }
}
