namespace KvStore;

/// <summary>Changes when an entry expires, and nothing else of it. Without an entry nothing happens.</summary>
/// <param name="key">The key.</param>
/// <param name="expiry">The new expiry.</param>
public sealed class SetExpiry(Key key, ExpiryUpdate expiry) : Operation(key)
{
    /// <summary>The new expiry.</summary>
    internal ExpiryUpdate Expiry => expiry;

    internal override bool DependsOnState => true;

    // The log has the record of a shared value without it.
    internal override TransactionCost CostIn(Snapshot latest) =>
        latest.Find(Key) is { } entry ? TransactionCost.OfDerived(entry, Key, entry.ValueLength < SharedValue.BytesMin ? entry.ValueLength : 0) : default;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var current = context.Find(Key);
        result = OperationResult.Of(current is not null);
        if (current is { } entry)
            changes.Add(context.Rewrite(current, Key, entry, expiry.Apply(current)));
        return null;
    }
}

/// <summary>What a <see cref="ReadModifyWrite"/> or a <see cref="SetExpiry"/> does to an entry's expiry.</summary>
public readonly record struct ExpiryUpdate
{
    private ExpiryUpdate(long expiresAtMilliseconds) => (Replaces, ExpiresAtMilliseconds) = (true, expiresAtMilliseconds);

    /// <summary>The expiry stays as it is.</summary>
    public static ExpiryUpdate Unchanged => default;

    /// <summary>The entry no longer expires.</summary>
    public static ExpiryUpdate Never => new(Entry.Never);

    /// <summary>The entry expires at a time, rounded up to the millisecond.</summary>
    public static ExpiryUpdate At(DateTimeOffset expiresAt) => new(Entry.MillisecondsNotBefore(expiresAt));

    /// <summary>Whether it changes anything.</summary>
    internal bool Replaces { get; }

    /// <summary>The new expiry, in milliseconds since 1970-01-01 UTC, or <see cref="Entry.Never"/>; 0 if it changes nothing.</summary>
    internal long ExpiresAtMilliseconds { get; }

    /// <summary>The entry expires at a number of milliseconds since 1970-01-01 UTC, or <see cref="Entry.Never"/>.</summary>
    internal static ExpiryUpdate AtMilliseconds(long expiresAtMilliseconds) => new(expiresAtMilliseconds);

    internal long Apply(Entry? current) => Replaces ? ExpiresAtMilliseconds : current?.ExpiresAtMilliseconds ?? Entry.Never;
}
