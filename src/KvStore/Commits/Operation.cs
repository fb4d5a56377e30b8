using System.Collections.Immutable;

namespace KvStore;

/// <summary>
/// Guards and changes that are carried out together or not at all: all that a user can write is one of these.
/// Immutable.
/// </summary>
public sealed class Operation
{
    /// <summary>Makes an operation.</summary>
    /// <param name="guards">What must hold.</param>
    /// <param name="changes">What is then done; at least one, and no key twice.</param>
    /// <exception cref="ArgumentException">There is no change, or a key is changed twice.</exception>
    public Operation(ImmutableArray<Guard> guards, ImmutableArray<Change> changes)
    {
        if (changes.IsDefaultOrEmpty)
            throw new ArgumentException("An operation changes something.", nameof(changes));
        if (changes.Length > 1 && changes.DistinctBy(change => change.Key).Count() != changes.Length)
            throw new ArgumentException("An operation changes a key once.", nameof(changes));

        // Whatever throws in the owner loop ends the store, so an array that was never made stops being one here.
        Guards = guards.IsDefault ? [] : guards;
        Changes = changes;
        foreach (var guard in Guards)
            Bytes += guard.Bytes;
        foreach (var change in changes)
            Bytes += change.Bytes;
    }

    /// <summary>What must hold.</summary>
    public ImmutableArray<Guard> Guards { get; }

    /// <summary>What is done when all guards hold.</summary>
    public ImmutableArray<Change> Changes { get; }

    /// <summary>Bytes that the operation holds while it waits, as far as whoever made it chose how many: keys, values and guards.</summary>
    public long Bytes { get; }
}
