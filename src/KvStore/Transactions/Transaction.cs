using System.Collections.Immutable;

namespace KvStore;

/// <summary>
/// Guards, reads and changes that are carried out together or not at all: all that a user can write is one of these.
/// Immutable.
/// </summary>
public sealed class Transaction
{
    /// <summary>Makes an operation.</summary>
    /// <param name="guards">What must hold.</param>
    /// <param name="operations">What is then done; no key is changed twice.</param>
    /// <exception cref="ArgumentException">A key is changed twice, or a change whose keys the commit chooses is not the only one.</exception>
    public Transaction(ImmutableArray<Guard> guards, ImmutableArray<Operation> operations)
    {
        // Whatever throws in the owner loop ends the store, so an array that was never made stops being one here.
        Guards = guards.IsDefault ? [] : guards;
        Operations = operations.IsDefault ? [] : operations;
        if (Operations.Length > 1 && !AreIndependent(Operations))
            throw new ArgumentException("An operation changes a key once, and a change whose keys the commit chooses is the only one.", nameof(operations));
        foreach (var guard in Guards)
            Bytes += guard.Bytes;
        foreach (var operation in Operations)
            Bytes += operation.Bytes;
    }

    /// <summary>What must hold.</summary>
    public ImmutableArray<Guard> Guards { get; }

    /// <summary>Keys whose entries are read in the state that the changes meet.</summary>
    public ImmutableArray<Key> Reads
    {
        get;
        init
        {
            field = value.IsDefault ? [] : value;
            foreach (var key in field)
                Bytes += key.Length;
        }
    } = [];

    /// <summary>What is done when all guards hold.</summary>
    public ImmutableArray<Operation> Operations { get; }

    /// <summary>What makes it safe to submit the operation again; null when nothing does.</summary>
    public Idempotency? Idempotency { get; init; }

    /// <summary>Bytes that the operation holds while it waits, as far as whoever made it chose how many: keys, values and guards.</summary>
    public long Bytes { get; private init; }

    private static bool AreIndependent(ImmutableArray<Operation> operations)
    {
        var keys = new HashSet<Key>(operations.Length);
        foreach (var operation in operations)
        {
            if (operation.IsExclusive || !keys.Add(operation.Key) || (operation.OtherKey.Length > 0 && !keys.Add(operation.OtherKey)))
                return false;
        }

        return true;
    }
}
