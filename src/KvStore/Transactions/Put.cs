namespace KvStore;

/// <summary>Stores a value under a key, whether or not the key has an entry.</summary>
/// <param name="draft">The entry. The store owns it from now on: nothing may write into its value any more.</param>
public sealed class Put(EntryDraft draft) : Operation(draft.Key)
{
    /// <summary>Stores a copy of a value.</summary>
    /// <param name="key">The key; not the default one.</param>
    /// <param name="value">The value; it is copied.</param>
    /// <param name="contentType">The value's media type, printable ASCII of at most 256 characters.</param>
    /// <param name="expiresAt">When the entry expires, or null; rounded up to the millisecond.</param>
    /// <exception cref="ArgumentException">The key or the content type is not acceptable.</exception>
    public Put(Key key, ReadOnlyMemory<byte> value, string contentType, DateTimeOffset? expiresAt = null)
        : this(MakeDraft(key, value.Span, contentType, expiresAt))
    {
    }

    /// <summary>The value.</summary>
    public ReadOnlyMemory<byte> Value => draft.Value;

    /// <summary>The value's media type.</summary>
    public string ContentType => draft.ContentType;

    /// <summary>When the entry expires, or null.</summary>
    public DateTimeOffset? ExpiresAt => draft.ExpiresAt;

    /// <summary>A number of the caller's that the result repeats (<see cref="OperationResult.Number"/>), also when the transaction is replayed. Default 0.</summary>
    public long Memo { get; init; }

    /// <summary>
    /// Whether the store has made the value, a mergeable one, of nothing or of the mergeable value that it replaces. Any other put of or over a mergeable
    /// value is rejected (<see cref="RejectionReason.MergeableValue"/>). Default false.
    /// </summary>
    internal bool IsRewrite { get; init; }

    /// <summary>When the entry expires, in milliseconds since 1970-01-01 UTC, or <see cref="Entry.Never"/>.</summary>
    internal long ExpiresAtMilliseconds => draft.ExpiresAtMilliseconds;

    internal override long Bytes => base.Bytes + Value.Length + ContentType.Length;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var previous = context.Find(Key);
        result = OperationResult.Of(previous is not null, Memo);
        if ((draft.IsMergeable || previous is { IsMergeable: true }) && FindRejection(previous) is { } reason)
            return new Rejection(reason, previous);
        changes.Add(context.Replace(previous, draft));
        return null;
    }

    private RejectionReason? FindRejection(Entry? previous) =>
        !IsRewrite || !draft.IsMergeable ? RejectionReason.MergeableValue
        : previous is { IsMergeable: false } ? RejectionReason.NotMergeable
        : null;

    private static EntryDraft MakeDraft(Key key, ReadOnlySpan<byte> value, string contentType, DateTimeOffset? expiresAt)
    {
        var draft = new EntryDraft(key, value.Length, contentType, expiresAt);
        value.CopyTo(draft.Value.Span);
        return draft;
    }
}
