namespace KvStore;

/// <summary>Changes when an entry expires, and nothing else of it. Without an entry nothing happens.</summary>
/// <param name="key">The key.</param>
/// <param name="expiry">What becomes of the lifetime.</param>
public sealed class SetExpiry(Key key, ExpiryUpdate expiry) : ReadModifyWrite(key, expiry)
{
    private protected override RejectionReason? Evaluate(Entry? present, out EntryDraft? draft)
    {
        draft = present is { } entry ? DraftOf(entry.Value.Span, entry.ContentType, present) : null;
        return null;
    }
}
