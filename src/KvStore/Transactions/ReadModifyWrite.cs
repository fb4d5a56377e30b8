namespace KvStore;

/// <summary>
/// An operation whose result depends on the current entry. The log's thread evaluates it against the latest state: concurrent clients
/// neither lose nor retry updates of one key.
/// </summary>
public abstract class ReadModifyWrite : Operation
{
    private protected ReadModifyWrite(Key key, ExpiryUpdate expiry)
        : base(key) => Expiry = expiry;

    /// <summary>What becomes of the entry's expiry.</summary>
    internal ExpiryUpdate Expiry { get; }

    internal sealed override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var current = context.Find(Key);
        if (current is { IsMergeable: true })
        {
            result = OperationResult.Of(existed: true);
            return new Rejection(RejectionReason.MergeableValue, current);
        }

        var reason = Evaluate(current, out var draft, out var number);
        result = OperationResult.Of(current is not null, number);
        if (reason is { } rejected)
            return new Rejection(rejected, current);
        if (draft is { } replacement)
            changes.Add(context.Replace(current, replacement));
        return null;
    }

    /// <summary>Works out the entry that replaces the current one.</summary>
    /// <param name="current">The current entry, or null.</param>
    /// <param name="draft">The new entry; null to change nothing.</param>
    /// <param name="number">The result's number, if it has one.</param>
    /// <returns>Why it cannot be done, or null.</returns>
    private protected abstract RejectionReason? Evaluate(Entry? current, out EntryDraft? draft, out long number);

    /// <summary>A draft for this key with the expiry that was asked for.</summary>
    private protected EntryDraft MakeDraft(ReadOnlySpan<byte> value, string contentType, Entry? current)
    {
        var draft = new EntryDraft(Key, value.Length, contentType, Expiry.Apply(current));
        value.CopyTo(draft.Value.Span);
        return draft;
    }
}
