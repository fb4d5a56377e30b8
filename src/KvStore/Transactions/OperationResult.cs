namespace KvStore;

/// <summary>
/// What an operation of a committed transaction did, as the few facts that an answer cannot take from the request or from the
/// commit's revision. They are also what an <see cref="Idempotency"/> record remembers.
/// </summary>
public readonly record struct OperationResult
{
    private readonly Entry _entry;

    private OperationResult(bool existed, long number, Entry entry) => (Existed, Number, _entry) = (existed, number, entry);

    /// <summary>Whether the key had an entry before the transaction. For <see cref="Move"/>, the key that the entry moved from.</summary>
    public bool Existed { get; }

    /// <summary>
    /// <see cref="Increment"/>: the new number. <see cref="DeletePrefix"/>: how many entries were deleted. <see cref="Append"/>: what
    /// <see cref="Append.KeyAt"/> needs beside the revision. <see cref="Put"/>: its <see cref="Put.Memo"/>. Else 0.
    /// </summary>
    public long Number { get; }

    /// <summary><see cref="Get"/>: the entry as it was before the transaction, or null. Else null.</summary>
    public Entry? Entry => _entry == default ? null : _entry;

    internal static OperationResult Of(bool existed, long number = 0) => new(existed, number, default);

    internal static OperationResult OfRead(Entry? entry) => new(entry is not null, 0, entry.GetValueOrDefault());
}
