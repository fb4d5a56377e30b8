namespace KvStore;

/// <summary>One step of a <see cref="Transaction"/>: it reads or writes an entry, or the entries of a prefix.</summary>
/// <remarks>Immutable, except that the log's thread stamps the draft of a <see cref="Put"/> once.</remarks>
public abstract class Operation
{
    private protected Operation(Key key) =>
        Key = key.Length > 0 ? key : throw new ArgumentException("No entry has the empty key.", nameof(key));

    /// <summary>The key; the prefix where the operation writes several entries, or where the commit chooses the key.</summary>
    public Key Key { get; }

    /// <summary>A second key that is written; else the default one.</summary>
    internal virtual Key OtherKey => default;

    /// <summary>Whether the operation writes <see cref="Key"/>.</summary>
    internal virtual bool IsWrite => true;

    /// <summary>Whether it must be the only operation of its transaction, because its keys are not known before the commit.</summary>
    internal virtual bool IsExclusive => false;

    /// <summary>Bytes that the operation holds while it is queued.</summary>
    internal virtual long Bytes => Key.Length;

    /// <summary>Bytes that the evaluation allocates, whatever the state.</summary>
    internal virtual long AllocatedBytes => 0;

    /// <summary>Whether <see cref="CostIn"/> depends on the state. A put and a deletion do not, so that they need no search before they are admitted.</summary>
    internal virtual bool DependsOnState => false;

    /// <summary>What the operation takes beyond <see cref="Bytes"/> and <see cref="AllocatedBytes"/> because of the entries that it finds, if they do not change.</summary>
    internal virtual TransactionCost CostIn(Snapshot latest) => default;

    /// <summary>Works out what the operation does, without doing it. The log's thread calls it: it must be quick and must not throw.</summary>
    /// <param name="context">The state before the transaction.</param>
    /// <param name="changes">Receives the changes; none when there is nothing to do.</param>
    /// <param name="result">The facts that an answer needs.</param>
    /// <returns>Why the operation cannot be done, or null.</returns>
    internal abstract Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result);

    /// <summary>What the operation deletes besides its changes, so many entries that the commit has no change for each; null when there is nothing.</summary>
    /// <param name="context">The state before the transaction, which was not rejected.</param>
    internal virtual DeletedPrefix? FindDeleted(in EvaluationContext context) => null;
}

/// <summary>Why an operation cannot be done although every guard passes.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Current">The entry that is in its way, or null.</param>
internal readonly record struct Rejection(RejectionReason Reason, Entry? Current);

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
