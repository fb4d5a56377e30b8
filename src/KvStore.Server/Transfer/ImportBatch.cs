using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>Entries that an import commits together. Belongs to one thread at a time.</summary>
internal sealed class ImportBatch
{
    // Enough to make the fixed cost of a commit negligible, and no more than a distributed log takes at once.
    private const int EntriesMax = 100;

    // A larger entry is a batch of its own, so that an import keeps a few MiB in memory, however large its entries are.
    private const long BytesMax = 256 * 1024;

    private readonly Dictionary<Key, int> _places = new(EntriesMax);
    private readonly List<Operation> _operations = new(EntriesMax);
    private readonly List<Guard> _guards = [];
    private long _bytes;

    public bool IsEmpty => _operations.Count == 0;

    public bool IsFull => _operations.Count == EntriesMax || _bytes >= BytesMax;

    /// <summary>Adds an entry, replacing an earlier one with its key.</summary>
    public void Add(EntryDraft draft)
    {
        var put = draft.IsMergeable ? StoredOperation.Import(draft) : new Put(draft);

        // A value of another creation must not be lost.
        if (draft.IsMergeable)
            _guards.Add(Guard.Absent(draft.Key));
        _bytes += draft.Key.Length + draft.Value.Length;
        if (_places.TryAdd(draft.Key, _operations.Count))
            _operations.Add(put);
        else
            _operations[_places[draft.Key]] = put;
    }

    /// <summary>The transaction that stores the batch, which is empty then.</summary>
    public Transaction TakeTransaction()
    {
        // In order, because of lines with the same key the last one wins.
        var transaction = new Transaction([.. _guards], [.. _operations]) { IsOrdered = true };
        _guards.Clear();
        _places.Clear();
        _operations.Clear();
        _bytes = 0;
        return transaction;
    }
}
