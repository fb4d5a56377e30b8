using KvStore.Crdt;

namespace KvStore.Mergeable;

/// <summary>
/// The mergeable values of a store: it keeps recently used ones decoded, merges outside of the owner loop, and commits what was merged. For one key,
/// what arrives while a commit is under way is merged together into the next one. Thread-safe.
/// </summary>
public sealed class MergeableValues : IAsyncDisposable
{
    /// <summary>Makes the mergeable values of a store.</summary>
    /// <param name="store">The store; started and stopped by its owner.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    public MergeableValues(Store store, MergeableOptions options, TimeProvider time)
    {
        _ = (store, options, time);
    }

    /// <summary>Changes a value, or asks what a client lacks.</summary>
    /// <param name="key">The key of the value.</param>
    /// <param name="request">The change.</param>
    /// <param name="cancellationToken">Ends the wait, not a commit that has begun.</param>
    public ValueTask<MergeResult> MergeAsync(Key key, MergeRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Reads an entry that is a mergeable value. From what is kept decoded if that is at the entry's revision, else from the bytes of the entry.</summary>
    /// <param name="entry">The entry, of any revision.</param>
    /// <param name="since">What the reader has; null for the whole state, if <paramref name="form"/> asks for a delta.</param>
    /// <param name="form">What is read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What was read; null if a delta is asked for and what it needs was collected.</returns>
    /// <exception cref="InvalidDataException">The entry does not have the form of a mergeable value.</exception>
    public ValueTask<MergeableRead?> ReadAsync(Entry entry, VersionVector? since, MergeableForm form, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>The deltas that a commit added, each of which merges after those before it.</summary>
    /// <param name="previous">The entry before the commit; null for none.</param>
    /// <param name="current">The entry after it.</param>
    /// <returns>The deltas, views of the entry; for a new value its state first. Null if only the state says what changed (a collection), or it is of another lineage.</returns>
    public static IReadOnlyList<ReadOnlyMemory<byte>>? DeltasBetween(Entry? previous, Entry current) => throw new NotSupportedException();

    /// <summary>Whether bytes have the form of a mergeable value, as an import has to know.</summary>
    public static bool IsValid(ReadOnlySpan<byte> value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}

/// <summary>In which form a value is read.</summary>
public enum MergeableForm
{
    /// <summary>The number, the array of elements or the string, as JSON.</summary>
    Json,

    /// <summary>The number in digits, or the text.</summary>
    Text,

    /// <summary>A delta, or the state.</summary>
    Delta,

    /// <summary>Only its type and its version.</summary>
    None,
}

/// <summary>What was read of a mergeable value.</summary>
/// <param name="Type">The type.</param>
/// <param name="Version">What the value includes.</param>
/// <param name="Bytes">In the form that was asked for: UTF-8, or the delta; null for a delta if nothing is lacking, for <see cref="MergeableForm.None"/>, and for a set as text.</param>
public sealed record MergeableRead(CrdtType Type, VersionVector Version, ReadOnlyMemory<byte>? Bytes);
