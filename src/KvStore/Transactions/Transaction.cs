namespace KvStore;

/// <summary>
/// Guards and operations that are committed together, at one revision, or not at all. Everything that a client can write is one of
/// these. Immutable, except that the log's thread stamps the draft of a <see cref="Put"/> once.
/// </summary>
public sealed class Transaction
{
    /// <summary>Makes a transaction.</summary>
    /// <param name="guards">The conditions; all must pass.</param>
    /// <param name="operations">The operations; no key is written twice.</param>
    /// <exception cref="ArgumentException">A key is written twice, or an operation whose keys the commit chooses is not the only one.</exception>
    public Transaction(ImmutableArray<Guard> guards, ImmutableArray<Operation> operations)
    {
        // An exception in the owner loop ends the store, so a default array is replaced here.
        Guards = guards.IsDefault ? [] : guards;
        Operations = operations.IsDefault ? [] : operations;
        if (Operations.Length > 1 && !AreIndependent(Operations))
            throw new ArgumentException("A transaction writes a key once, and an operation whose keys the commit chooses is the only one.", nameof(operations));
        foreach (var guard in Guards)
            Bytes += guard.Bytes;
        foreach (var operation in Operations)
            Bytes += operation.Bytes;
    }

    /// <summary>The conditions. Every one must pass in the state before the transaction.</summary>
    public ImmutableArray<Guard> Guards { get; }

    /// <summary>The operations. Each is evaluated against the state before the transaction.</summary>
    public ImmutableArray<Operation> Operations { get; }

    /// <summary>Makes the transaction safe to submit again; null when it is not.</summary>
    public Idempotency? Idempotency { get; init; }

    /// <summary>Bytes that the transaction holds while it is queued: keys, values and guards.</summary>
    public long Bytes { get; }

    private static bool AreIndependent(ImmutableArray<Operation> operations)
    {
        var written = new HashSet<Key>(operations.Length);
        foreach (var operation in operations)
        {
            if (operation.IsExclusive || (operation.IsWrite && !written.Add(operation.Key)) || (operation.OtherKey.Length > 0 && !written.Add(operation.OtherKey)))
                return false;
        }

        return true;
    }
}
