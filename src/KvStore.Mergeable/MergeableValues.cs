namespace KvStore.Mergeable;

/// <summary>
/// The mergeable values of a store: it keeps recently used ones decoded, merges outside of the owner loop, and commits what was merged. For one key,
/// what arrives while a commit is under way is merged together into the next one. Thread-safe.
/// </summary>
public sealed class MergeableValues : IAsyncDisposable
{
    // More wait for the next time.
    private const int CollectionsMax = 256;

    private readonly Store _store;
    private readonly TimeProvider _time;
    private readonly MergeableCounters _counters = new();
    private readonly ValueCache _cache;
    private readonly DecodingGate _gate = new();
    private readonly KeyWorkers _workers;
    private readonly ValueReader _reader;
    private readonly ITimer _timer;
    private int _isTicking;

    /// <summary>Makes the mergeable values of a store.</summary>
    /// <param name="store">The store; started and stopped by its owner.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    public MergeableValues(Store store, MergeableOptions options, TimeProvider time)
    {
        (_store, _time) = (store, time);
        _cache = new ValueCache(store.Memory.Crdt, options, time);
        _workers = new KeyWorkers(new BatchMerger(store, options, _cache, _gate, _counters, time), store, options, _counters, time);
        _reader = new ValueReader(store, _cache, _gate);
        var interval = options.CollectionInterval / 4;
        _timer = time.CreateTimer(static values => _ = ((MergeableValues)values!).TickAsync(), this, interval, interval);
    }

    /// <summary>What the values take and did.</summary>
    public MergeableStatus Status => _counters.ToStatus(_cache.Count);

    /// <summary>The id under which this store changes a value, and acknowledges what others did.</summary>
    /// <exception cref="InvalidDataException">The entry does not have the form of a mergeable value.</exception>
    public ReplicaId ReplicaOf(Entry entry) =>
        ServerReplica.IdOf(_store.Id ?? default, _store.Latest.Revision, (StoredValue.TryRead(entry.Value) ?? throw EntryDeltas.Malformed(entry)).Creation);

    /// <summary>Changes a value, or asks what a client lacks.</summary>
    /// <param name="key">The key of the value.</param>
    /// <param name="request">The change.</param>
    /// <param name="cancellationToken">Ends the wait, not a commit that has begun.</param>
    public ValueTask<MergeResult> MergeAsync(Key key, MergeRequest request, CancellationToken cancellationToken) =>
        new(_store.State == StoreState.Running ? _workers.MergeAsync(key, request).WaitAsync(cancellationToken) : RejectAsync());

    /// <summary>Reads an entry that is a mergeable value. From what is kept decoded if that is at the entry's revision, else from the bytes of the entry.</summary>
    /// <param name="entry">The entry, of any revision.</param>
    /// <param name="since">What the reader has; null for the whole state, if <paramref name="form"/> asks for a delta.</param>
    /// <param name="form">What is read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What was read; null if a delta is asked for and what it needs was collected.</returns>
    /// <exception cref="InvalidDataException">The entry does not have the form of a mergeable value.</exception>
    public ValueTask<MergeableRead?> ReadAsync(Entry entry, VersionVector? since, MergeableForm form, CancellationToken cancellationToken) =>
        _reader.ReadAsync(entry, since, form, cancellationToken);

    /// <summary>The deltas that a commit added, each of which merges after those before it.</summary>
    /// <param name="previous">The entry before the commit; null for none.</param>
    /// <param name="current">The entry after it.</param>
    /// <returns>The deltas, views of the entry; for a new value its state first. Null if only the state says what changed (a collection), or it is of another lineage.</returns>
    /// <exception cref="InvalidDataException">The entry does not have the form of a mergeable value.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>>? DeltasBetween(Entry? previous, Entry current)
    {
        if (previous is { IsMergeable: true } before)
            return EntryDeltas.Between(before, current);
        var deltas = EntryDeltas.All(current, out var stored);
        return [stored.Head, .. deltas];
    }

    /// <summary>Whether bytes have the form of a mergeable value.</summary>
    internal static bool IsValid(ReadOnlySpan<byte> value) => DecodedValue.IsValid(value.ToArray());

    /// <summary>The bytes to store for a value that was exported: as those of a new entry, so that the store does not change it under an id that it had before.</summary>
    /// <returns>The bytes; null if they do not have the form of a mergeable value.</returns>
    public static byte[]? TryRenew(ReadOnlySpan<byte> value) => IsValid(value) ? StoredValue.WithNewCreation(value) : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _workers.CloseAsync().ConfigureAwait(false);
        _cache.Clear();
        _gate.Dispose();
    }

    // The store knows why it commits nothing.
    private async Task<MergeResult> RejectAsync() =>
        new MergeResult.NotCommitted(await _store.SubmitAsync(new Transaction([], [])).ConfigureAwait(false) is var outcome && outcome is Outcome.Committed
            ? new Outcome.NotApplied(NotAppliedReason.Loading)
            : outcome);

    private async Task TickAsync()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) != 0)
            return;
        try
        {
            _cache.DropIdle();

            // A worker collects after a batch, also after one that only asks.
            foreach (var key in _cache.FindDue(_time.GetUtcNow(), CollectionsMax))
                await MergeAsync(key, new MergeRequest(null), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isTicking, 0);
        }
    }
}
