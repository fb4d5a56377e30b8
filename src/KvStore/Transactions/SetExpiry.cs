namespace KvStore;

/// <summary>Changes when an entry expires, and nothing else of it. Without an entry nothing happens.</summary>
/// <param name="key">The key.</param>
/// <param name="expiry">The new expiry.</param>
public sealed class SetExpiry(Key key, ExpiryUpdate expiry) : ReadModifyWrite(key, expiry)
{
    private protected override RejectionReason? Evaluate(Entry? present, out EntryDraft? draft, out long number)
    {
        number = 0;
        draft = present is { } entry ? MakeDraft(entry.Value.Span, entry.ContentType, present) : null;
        return null;
    }
}
