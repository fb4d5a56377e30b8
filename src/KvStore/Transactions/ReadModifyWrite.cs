namespace KvStore;

/// <summary>
/// An operation whose result depends on the present entry. The deciding thread evaluates it against the latest state, so any
/// number of clients may modify one key at once: no update is lost and none is retried.
/// </summary>
public abstract class ReadModifyWrite : Operation
{
    private readonly ExpiryUpdate _expiry;

    private protected ReadModifyWrite(Key key, ExpiryUpdate expiry)
        : base(key) => _expiry = expiry;

    internal sealed override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var present = context.Find(Key);
        var reason = Evaluate(present, out var draft, out var number);
        result = OperationResult.Of(present is not null, number);
        if (reason is { } rejected)
            return new Rejection(rejected, present);
        if (draft is { } replacement)
            changes.Add(context.Replace(present, replacement));
        return null;
    }

    /// <summary>Works out the entry that replaces the present one.</summary>
    /// <param name="present">The present entry, or null.</param>
    /// <param name="draft">The new entry; null to change nothing.</param>
    /// <param name="number">The result's number, if it has one.</param>
    /// <returns>Why it cannot be done, or null.</returns>
    private protected abstract RejectionReason? Evaluate(Entry? present, out EntryDraft? draft, out long number);

    /// <summary>A draft for this key with the expiry that was asked for.</summary>
    private protected EntryDraft MakeDraft(ReadOnlySpan<byte> value, string contentType, Entry? present)
    {
        var draft = new EntryDraft(Key, value.Length, contentType, _expiry.Apply(present));
        value.CopyTo(draft.Value.Span);
        return draft;
    }
}
