namespace KvStore.Server;

/// <summary>Entries that an import commits together. Belongs to one thread at a time.</summary>
internal sealed class ImportBatch
{
    // Enough that what a commit costs besides its entries does not count, and no more than a distributed log takes at once.
    private const int EntriesMax = 100;

    // A larger entry is a batch of its own. So an import holds a few MiB, however large its entries are.
    private const long BytesMax = 256 * 1024;

    private readonly Dictionary<Key, int> _places = new(EntriesMax);
    private readonly List<Operation> _operations = new(EntriesMax);
    private long _bytes;

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty => _operations.Count == 0;

    /// <summary>Whether it is time to commit.</summary>
    public bool IsFull => _operations.Count == EntriesMax || _bytes >= BytesMax;

    /// <summary>Adds an entry, in the place of an earlier one with its key.</summary>
    public void Add(EntryDraft draft)
    {
        var put = new Put(draft);
        _bytes += draft.Key.Length + draft.Value.Length;
        if (_places.TryAdd(draft.Key, _operations.Count))
            _operations.Add(put);
        else
            _operations[_places[draft.Key]] = put;
    }

    /// <summary>Makes the operation that stores what was added, and begins anew.</summary>
    public Transaction TakeTransaction()
    {
        var transaction = new Transaction([], [.. _operations]);
        _places.Clear();
        _operations.Clear();
        _bytes = 0;
        return transaction;
    }
}
