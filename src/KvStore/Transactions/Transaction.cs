namespace KvStore;

/// <summary>
/// Guards and operations that are committed together, at one revision, or not at all. Everything that a client can write is one of
/// these. Immutable, except that the log's thread stamps the draft of a <see cref="Put"/> once.
/// </summary>
public sealed class Transaction
{
    private readonly long _allocatedBytes;
    private readonly bool _dependsOnState;

    /// <summary>Makes a transaction.</summary>
    /// <param name="guards">The conditions; all must pass.</param>
    /// <param name="operations">The operations; no key is written twice.</param>
    /// <exception cref="ArgumentException">A key is written twice, or an operation whose keys the commit chooses is not the only one.</exception>
    public Transaction(ImmutableArray<Guard> guards, ImmutableArray<Operation> operations)
        : this(guards, operations, [])
    {
    }

    /// <summary>Makes a transaction with records of the store's own.</summary>
    /// <exception cref="ArgumentException">As above, or a record is not a put or a deletion of a key for such records.</exception>
    internal Transaction(ImmutableArray<Guard> guards, ImmutableArray<Operation> operations, ImmutableArray<Operation> records)
    {
        // An exception in the owner loop ends the store, so a default array is replaced here.
        Guards = guards.IsDefault ? [] : guards;
        Operations = operations.IsDefault ? [] : operations;
        Records = records;
        if (Operations.Length > 1 && !AreIndependent(Operations.AsSpan()))
            throw new ArgumentException("A transaction writes a key once, and an operation whose keys the commit chooses is the only one.", nameof(operations));
        if (Records.Length > 0 && (!Records.All(IsRecord) || !AreIndependent([.. Records, .. Operations.Where(operation => !operation.IsExclusive)])))
            throw new ArgumentException("A record is a put or a deletion of a key of the store's own, each once.", nameof(records));
        foreach (var guard in Guards)
            Bytes += guard.Bytes;
        foreach (var record in Records)
            Bytes += record.Bytes;
        foreach (var operation in Operations)
        {
            Bytes += operation.Bytes;
            _allocatedBytes += operation.AllocatedBytes;
            _dependsOnState |= operation.DependsOnState;
            HasPatch |= operation is MergePatch;
        }
    }

    /// <summary>Finds two operations that write the same key, which no transaction may have.</summary>
    /// <param name="operations">The operations.</param>
    /// <param name="first">The index of the first of them.</param>
    /// <param name="second">The index of the second, before which no two write the same key.</param>
    /// <returns>Whether there are two. If not, the indexes mean nothing.</returns>
    public static bool TryFindRepeatedKey(ReadOnlySpan<Operation> operations, out int first, out int second) => RepeatedKeys.TryFind(operations, out first, out second);

    /// <summary>The conditions. Every one must pass in the state before the transaction.</summary>
    public ImmutableArray<Guard> Guards { get; }

    /// <summary>The operations. Each is evaluated against the state before the transaction.</summary>
    public ImmutableArray<Operation> Operations { get; }

    /// <summary>
    /// Puts and deletions of the store's own records that commit with the operations and have no result. They are committed whenever the operations
    /// are, even if those find nothing to change.
    /// </summary>
    internal ImmutableArray<Operation> Records { get; }

    /// <summary>Makes the transaction safe to submit again; null when it is not.</summary>
    public Idempotency? Idempotency { get; init; }

    /// <summary>
    /// Whether the transaction keeps its place among those that its caller submits without waiting for their outcomes. Then it is neither overtaken
    /// because it is large nor rejected because it has waited too long. Default false.
    /// </summary>
    public bool IsOrdered { get; init; }

    /// <summary>
    /// Whether what the caller does with the outcome is short and never blocks. It then runs on the thread that has committed the transaction, with those of other callers, instead
    /// of on one that has to be woken for it. Never with a <see cref="MergePatch"/>, which may have to be prepared again. Default false.
    /// </summary>
    public bool ContinuesInline { get => field && !HasPatch; init; }

    /// <summary>Bytes that the transaction holds while it is queued: keys, values and guards.</summary>
    public long Bytes { get; }

    /// <summary>Heap bytes that the transaction holds while it waits: <see cref="Bytes"/>, with its objects.</summary>
    internal long HeldBytes => Bytes + ((Operations.Length + Records.Length + 1L) * TransactionCost.OperationBytes);

    /// <summary>Whether an operation is a <see cref="MergePatch"/>.</summary>
    internal bool HasPatch { get; }

    /// <summary>The same transaction with records.</summary>
    internal Transaction With(ImmutableArray<Operation> records) => new(Guards, Operations, records) { Idempotency = Idempotency, IsOrdered = IsOrdered, ContinuesInline = ContinuesInline };

    /// <summary>What the transaction takes if the state stays as it is.</summary>
    internal TransactionCost CostIn(Snapshot latest)
    {
        var cost = new TransactionCost(HeldBytes + _allocatedBytes, Bytes + _allocatedBytes + TransactionCost.TransactionWork);
        if (_dependsOnState)
        {
            foreach (var operation in Operations)
                cost += operation.CostIn(latest);
        }

        if (Idempotency is not { } idempotency)
            return cost;
        var record = idempotency.RecordBytes(Operations.Length, cost.ReadBytes);
        return cost + new TransactionCost(record, record);
    }

    private static bool IsRecord(Operation operation) =>
        ReservedKeys.KindOf(operation.Key.Utf8) is not (ReservedKind.None or ReservedKind.Idempotency) &&
        (operation is Delete || (operation is Put put && put.Value.Length <= ReservedKeys.ValueBytesMax));

    private static bool AreIndependent(ReadOnlySpan<Operation> operations)
    {
        foreach (var operation in operations)
        {
            if (operation.IsExclusive)
                return false;
        }

        return !RepeatedKeys.TryFind(operations, out _, out _);
    }
}

/// <summary>What a transaction takes until it has its outcome: an upper estimate, made before it is admitted.</summary>
/// <param name="MemoryBytes">Heap bytes that it holds, that its evaluation allocates, and that its results keep alive.</param>
/// <param name="Work">The time that it takes on the log's thread, as the number of bytes that are written to the log in that time.</param>
/// <param name="CarriedBytes">Bytes of values that it writes to the log although no client sent them with it.</param>
/// <param name="ReadBytes">Bytes of the entries that its results refer to.</param>
internal readonly record struct TransactionCost(long MemoryBytes, long Work, long CarriedBytes = 0, long ReadBytes = 0)
{
    /// <summary>What each operation takes besides its bytes: the objects of the change, and its share of the nodes that the index copies.</summary>
    public const int OperationBytes = 1024;

    /// <summary>The work of a transaction that writes no bytes: evaluating, publishing and answering a small write takes about two microseconds.</summary>
    public const int TransactionWork = 2048;

    /// <summary>The work of parsing, merging and writing JSON, per byte.</summary>
    public const int JsonWork = 10;

    /// <summary>What the deletion of one of a range of entries takes: its change, and its share of the nodes that the index copies.</summary>
    public const int DeletionBytes = 100;

    /// <summary>The work of deleting one of a range of entries.</summary>
    public const int DeletionWork = 50;

    /// <summary>The fields, the expiry, the content type and the objects of an entry.</summary>
    public const int HeadBytes = 400;

    public static TransactionCost operator +(TransactionCost left, TransactionCost right) => new(
        left.MemoryBytes + right.MemoryBytes, left.Work + right.Work, left.CarriedBytes + right.CarriedBytes, left.ReadBytes + right.ReadBytes);

    /// <summary>The cost of an entry with the value of another one (<see cref="Entry.Derive"/>).</summary>
    public static TransactionCost OfDerived(Entry source, Key key, int loggedBytes) =>
        new(Math.Min(source.ValueLength, SharedValue.BytesMin) + key.Length + HeadBytes, loggedBytes, CarriedBytes: loggedBytes);
}
