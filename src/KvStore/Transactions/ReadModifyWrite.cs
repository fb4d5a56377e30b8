namespace KvStore;

/// <summary>
/// A change whose result depends on what it meets. The thread that decides works it out against the latest state, so that many
/// callers may change one key at a time without losing each other's changes and without trying again.
/// </summary>
public abstract class ReadModifyWrite : Operation
{
    private readonly ExpiryUpdate _expiry;

    private protected ReadModifyWrite(Key key, ExpiryUpdate expiry)
        : base(key) => _expiry = expiry;

    internal sealed override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes)
    {
        var present = context.Builder.Find(Key);
        if (Evaluate(present, out var draft) is { } reason)
            return new Rejection(reason, present);
        if (draft is { } made)
            changes.Add(context.Replace(present, made));
        return null;
    }

    /// <summary>Works out the entry that takes the place of the present one.</summary>
    /// <param name="present">The present entry, or null.</param>
    /// <param name="draft">The entry; null to leave things as they are.</param>
    /// <returns>Why it cannot be done, or null.</returns>
    private protected abstract RejectionReason? Evaluate(Entry? present, out EntryDraft? draft);

    /// <summary>A draft of this key with the lifetime that was asked for.</summary>
    private protected EntryDraft DraftOf(ReadOnlySpan<byte> value, string contentType, Entry? present)
    {
        var draft = new EntryDraft(Key, value.Length, contentType, _expiry.ExpiresAt(present));
        value.CopyTo(draft.Value.Span);
        return draft;
    }
}

/// <summary>What a modification does to an entry's lifetime.</summary>
public readonly record struct ExpiryUpdate
{
    private readonly bool _replaces;
    private readonly long _expiresAt;

    private ExpiryUpdate(long expiresAt) => (_replaces, _expiresAt) = (true, expiresAt);

    /// <summary>It stays as it is.</summary>
    public static ExpiryUpdate Unchanged => default;

    /// <summary>The entry does not expire any more.</summary>
    public static ExpiryUpdate Never => new(Entry.Never);

    /// <summary>The entry expires at a time, rounded up to the millisecond.</summary>
    public static ExpiryUpdate At(DateTimeOffset expiresAt) => new(Entry.MillisecondsNotBefore(expiresAt));

    internal long ExpiresAt(Entry? present) => _replaces ? _expiresAt : present?.ExpiresAtMilliseconds ?? Entry.Never;
}
