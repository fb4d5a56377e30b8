namespace KvStore;

/// <summary>Removes every entry whose key starts with a prefix, at one revision.</summary>
/// <param name="prefix">The prefix; not empty. It is copied.</param>
/// <param name="entriesMax">The most entries that are removed together; with more of them nothing is (<see cref="RefusalReason.TooMany"/>).</param>
public sealed class DeletePrefix(ReadOnlySpan<byte> prefix, int entriesMax) : Change(Key.FromStored(prefix))
{
    /// <summary>The keys that it is about.</summary>
    internal KeyRange Range { get; } = KeyRange.WithPrefix(prefix);

    internal override bool IsAlone => true;

    internal override Refusal? Evaluate(in Deciding deciding, List<CommittedChange> changes)
    {
        var count = deciding.Builder.CountOf(Range);
        if (count > entriesMax)
            return new Refusal(RefusalReason.TooMany, null);
        changes.EnsureCapacity((int)count);
        foreach (var entry in deciding.Builder.Scan(Range))
            changes.Add(new CommittedChange(entry, null));
        return null;
    }
}
