namespace KvStore;

/// <summary>
/// Gives an entry another key, with its value, content type and lifetime, in the place of what stood there. Without an entry
/// nothing happens; guard with <see cref="Guard.Exists"/> to learn of that.
/// </summary>
/// <param name="from">The key that loses its entry.</param>
/// <param name="to">The key that gets it; another one.</param>
public sealed class Move(Key from, Key to) : Operation(from)
{
    /// <summary>The key that gets the entry.</summary>
    public Key To { get; } = to.Length > 0 && to != from ? to : throw new ArgumentException("An entry moves to another key.", nameof(to));

    internal override Key OtherKey => To;

    internal override long Bytes => base.Bytes + To.Length;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes)
    {
        if (context.Builder.Find(Key) is not { } present)
            return null;
        var draft = new EntryDraft(To, present.Value.Length, present.ContentType, present.ExpiresAtMilliseconds);
        present.Value.CopyTo(draft.Value);
        changes.Add(new EntryChange(present, null));
        changes.Add(context.Replace(context.Builder.Find(To), draft));
        return null;
    }
}
