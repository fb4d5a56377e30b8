namespace KvStore;

/// <summary>Removes every entry whose key starts with a prefix, at one revision.</summary>
/// <param name="prefix">The prefix; not empty. It is copied.</param>
/// <param name="entriesMax">The most entries that are removed together; with more of them nothing is (<see cref="RejectionReason.TooMany"/>).</param>
public sealed class DeletePrefix(ReadOnlySpan<byte> prefix, int entriesMax) : Operation(Key.FromStored(prefix))
{
    /// <summary>The keys that it is about.</summary>
    internal KeyRange Range { get; } = KeyRange.WithPrefix(prefix);

    internal override bool IsExclusive => true;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes)
    {
        var count = context.Builder.CountOf(Range);
        if (count > entriesMax)
            return new Rejection(RejectionReason.TooMany, null);
        changes.EnsureCapacity((int)count);
        foreach (var entry in context.Builder.Scan(Range))
            changes.Add(new EntryChange(entry, null));
        return null;
    }
}
