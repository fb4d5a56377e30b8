namespace KvStore;

/// <summary>
/// Continues a mergeable value: its bytes stay, and others follow them. These were made for a value of one length; if the entry is another one, or its
/// value has another length, the transaction is rejected (<see cref="RejectionReason.Conflict"/>).
/// </summary>
/// <param name="key">The key.</param>
/// <param name="createdRevision">The <see cref="Entry.CreatedRevision"/> of the entry.</param>
/// <param name="atLength">The bytes that its value has.</param>
/// <param name="suffix">What follows them; not empty. The store owns it from now on.</param>
/// <param name="expiry">What becomes of the entry's expiry.</param>
public sealed class Extend(Key key, long createdRevision, int atLength, ReadOnlyMemory<byte> suffix, ExpiryUpdate expiry = default) : Operation(key)
{
    /// <summary>The revision that created the entry.</summary>
    internal long CreatedRevision => createdRevision;

    /// <summary>The bytes that its value has.</summary>
    internal int AtLength => atLength;

    /// <summary>What follows them.</summary>
    internal ReadOnlyMemory<byte> Suffix { get; } =
        suffix.Length > 0 ? suffix : throw new ArgumentException("An extension adds at least one byte.", nameof(suffix));

    /// <summary>What becomes of the entry's expiry.</summary>
    internal ExpiryUpdate Expiry => expiry;

    internal override long Bytes => base.Bytes + Suffix.Length;

    // The objects of the entry, and the bytes behind the value. Now and then the value gets a larger array, which is charged to the entries; it is one at a time
    // that is not committed, so it needs no estimate, nor the time of copying it, which is less than that of a flush.
    internal override long AllocatedBytes => TransactionCost.HeadBytes + SharedValue.BytesMin + Bytes;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        var current = context.Find(Key);
        result = OperationResult.Of(current is not null);
        if (current is not { } entry)
            return new Rejection(RejectionReason.Conflict, null);
        if (!entry.IsMergeable)
            return new Rejection(RejectionReason.NotMergeable, entry);
        if (entry.CreatedRevision != createdRevision || entry.ValueLength != atLength)
            return new Rejection(RejectionReason.Conflict, entry);
        if ((long)atLength + Suffix.Length > StoredFields.ValueBytesMax)
            return new Rejection(RejectionReason.TooLarge, entry);
        changes.Add(context.Extend(entry, Suffix.Span, expiry.Apply(entry)));
        return null;
    }
}
