namespace KvStore;

/// <summary>Something that a user wants done.</summary>
public abstract class Operation
{
    private protected Operation(Key key) =>
        Key = key.Length > 0 ? key : throw new ArgumentException("No entry has the empty key.", nameof(key));

    /// <summary>The key that is changed; where many are, or where the commit chooses it, what it starts with.</summary>
    public Key Key { get; }

    /// <summary>Another key that is changed, too; else the default one.</summary>
    internal virtual Key OtherKey => default;

    /// <summary>Whether it must be the only change of its operation, because its keys are not known before the commit.</summary>
    internal virtual bool IsExclusive => false;

    /// <summary>Bytes that this change holds while it waits.</summary>
    internal virtual long Bytes => Key.Length;

    /// <summary>Says what the change would do, without doing it. Called by the thread that decides, so it is quick and does not throw.</summary>
    /// <param name="context">The state that it meets.</param>
    /// <param name="changes">Takes what it would do; nothing when there is nothing to do.</param>
    /// <returns>Why it cannot be done, or null.</returns>
    internal abstract Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes);
}

/// <summary>Stores a value under a key, whether or not the key has one.</summary>
/// <param name="draft">The entry. The store owns it from now on: nobody writes into its value any more, and one thread decides it.</param>
public sealed class Put(EntryDraft draft) : Operation(draft.Key)
{
    /// <summary>Stores a copy of a value.</summary>
    /// <param name="key">The key; not the default one.</param>
    /// <param name="value">The value.</param>
    /// <param name="contentType">The value's media type, printable ASCII of at most 256 characters.</param>
    /// <param name="expiresAt">When the entry is to be deleted, or null; kept to the millisecond.</param>
    /// <exception cref="ArgumentException">One of them is not as it has to be.</exception>
    public Put(Key key, ReadOnlyMemory<byte> value, string contentType, DateTimeOffset? expiresAt = null)
        : this(DraftOf(key, value.Span, contentType, expiresAt))
    {
    }

    /// <summary>The value.</summary>
    public ReadOnlyMemory<byte> Value => Draft.Value;

    /// <summary>The value's media type.</summary>
    public string ContentType => Draft.ContentType;

    /// <summary>When the entry is to be deleted, or null.</summary>
    public DateTimeOffset? ExpiresAt => Draft.ExpiresAt;

    /// <summary>What becomes the entry.</summary>
    internal EntryDraft Draft { get; } = draft;

    internal override long Bytes => base.Bytes + Value.Length + ContentType.Length;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes)
    {
        changes.Add(context.Replace(context.Builder.Find(Key), Draft));
        return null;
    }

    private static EntryDraft DraftOf(Key key, ReadOnlySpan<byte> value, string contentType, DateTimeOffset? expiresAt)
    {
        var draft = new EntryDraft(key, value.Length, contentType, expiresAt);
        value.CopyTo(draft.Value.Span);
        return draft;
    }
}

/// <summary>Removes a key's entry. Without an entry nothing happens; guard with <see cref="Guard.Exists"/> to learn of that.</summary>
/// <param name="key">The key; not the default one.</param>
public sealed class Delete(Key key) : Operation(key)
{
    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes)
    {
        if (context.Builder.Find(Key) is { } present)
            changes.Add(new EntryChange(present, null));
        return null;
    }
}
