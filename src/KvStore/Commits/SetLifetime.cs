namespace KvStore;

/// <summary>Changes when an entry expires, and nothing else of it. Without an entry nothing happens.</summary>
/// <param name="key">The key.</param>
/// <param name="lifetime">What becomes of the lifetime.</param>
public sealed class SetLifetime(Key key, Lifetime lifetime) : Modification(key, lifetime)
{
    private protected override RefusalReason? Evaluate(Entry? present, out EntryDraft? draft)
    {
        draft = present is { } entry ? DraftOf(entry.Value.Span, entry.ContentType, present) : null;
        return null;
    }
}
