using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>
/// Lines that an import has read and not submitted yet. They are submitted in the order of their keys, because neighbours change the same nodes of the index, and
/// each commit copies a node that it changes. Belongs to one thread at a time.
/// </summary>
internal sealed class ImportBatch
{
    // Chosen by bench/surface/run.sh --rows import: 500,000 keys in random order.
    private const int EntriesMax = 8192;

    /// <summary>The bytes of keys and values after which no entry is added.</summary>
    public const long BytesMax = 1 << 20;

    // Enough to make the fixed cost of a commit negligible, and no more than a distributed log takes at once.
    private const int TransactionEntriesMax = 100;

    // A larger entry is a transaction of its own, so that no commit holds up other writers for long.
    private const long TransactionBytesMax = 256 * 1024;

    private readonly List<EntryDraft> _drafts = [];
    private readonly List<Operation> _operations = new(TransactionEntriesMax);
    private readonly List<Guard> _guards = [];
    private long _bytes;
    private bool _isAscending = true;

    public bool IsEmpty => _drafts.Count == 0;

    public bool IsFull => _drafts.Count == EntriesMax || _bytes >= BytesMax;

    public void Add(EntryDraft draft)
    {
        _isAscending = _isAscending && (IsEmpty || _drafts[^1].Key.CompareTo(draft.Key) < 0);
        _bytes += BytesOf(draft);
        _drafts.Add(draft);
    }

    /// <summary>The transactions that store the batch, which is empty after the last of them. Of entries with the same key the last one is stored.</summary>
    public IEnumerable<(Transaction Transaction, bool IsLast)> TakeTransactions()
    {
        // An export is in order already.
        if (!_isAscending)
            KeyOrder.Sort(_drafts);
        var bytes = 0L;
        for (var i = 0; i < _drafts.Count; i++)
        {
            var draft = _drafts[i];
            if (i + 1 < _drafts.Count && draft.Key == _drafts[i + 1].Key)
                continue;
            bytes += BytesOf(draft);
            _operations.Add(draft.IsMergeable ? StoredOperation.Import(draft) : new Put(draft));

            // A value of another creation must not be lost.
            if (draft.IsMergeable)
                _guards.Add(Guard.Absent(draft.Key));
            if (_operations.Count < TransactionEntriesMax && bytes < TransactionBytesMax && i + 1 < _drafts.Count)
                continue;
            yield return (TakeTransaction(), i + 1 == _drafts.Count);
            bytes = 0;
        }

        _drafts.Clear();
        (_bytes, _isAscending) = (0, true);
    }

    private static long BytesOf(EntryDraft draft) => draft.Key.Length + draft.Value.Length;

    private Transaction TakeTransaction()
    {
        // In order, because a later batch may have the same keys.
        var transaction = new Transaction([.. _guards], [.. _operations]) { IsOrdered = true };
        _guards.Clear();
        _operations.Clear();
        return transaction;
    }
}
