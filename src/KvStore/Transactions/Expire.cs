namespace KvStore;

/// <summary>Removes an entry because its time has come, unless the key has another one by now.</summary>
/// <param name="key">The key.</param>
/// <param name="revision">The entry's revision.</param>
internal sealed class Expire(Key key, long revision) : Operation(key)
{
    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes)
    {
        if (context.Builder.Find(Key) is { } present && present.Revision == revision)
            changes.Add(EntryChange.Expired(present));
        return null;
    }
}
