namespace KvStore;

/// <summary>Changes when an entry expires, and nothing else of it. Without an entry nothing happens.</summary>
/// <param name="key">The key.</param>
/// <param name="expiry">The new expiry.</param>
public sealed class SetExpiry(Key key, ExpiryUpdate expiry) : ReadModifyWrite(key, expiry)
{
    private protected override RejectionReason? Evaluate(Entry? current, out EntryDraft? draft, out long number)
    {
        number = 0;
        draft = current is { } entry ? MakeDraft(entry.Value.Span, entry.ContentType, current) : null;
        return null;
    }
}
