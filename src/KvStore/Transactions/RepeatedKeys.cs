namespace KvStore;

/// <summary>Finds operations that write the same key. Belongs to one search.</summary>
/// <param name="operations">The operations.</param>
/// <param name="hashes">Room for the hashes of a few keys.</param>
internal ref struct RepeatedKeys(ReadOnlySpan<Operation> operations, Span<int> hashes)
{
    // Hashes of so few keys are compared one by one, many in an instruction, which takes less than a dictionary (bench/surface, txn).
    private const int FewKeys = 64;

    private readonly ReadOnlySpan<Operation> _operations = operations;
    private readonly Span<int> _hashes = hashes;

    // An operation writes two keys at most.
    private readonly Dictionary<Key, int>? _many = 2 * operations.Length > hashes.Length ? new(operations.Length) : null;
    private int _count;

    /// <inheritdoc cref="Transaction.TryFindRepeatedKey"/>
    public static bool TryFind(ReadOnlySpan<Operation> operations, out int first, out int second)
    {
        (first, second) = (0, 0);
        if (AreAscending(operations))
            return false;
        var keys = new RepeatedKeys(operations, stackalloc int[FewKeys]);
        for (; second < operations.Length; second++)
        {
            var operation = operations[second];
            if ((operation.IsWrite && !keys.TryAdd(operation.Key, second, out first)) || (operation.OtherKey.Length > 0 && !keys.TryAdd(operation.OtherKey, second, out first)))
                return true;
        }

        return false;
    }

    // Those of an import are, and many that programs make.
    private static bool AreAscending(ReadOnlySpan<Operation> operations)
    {
        for (var i = 0; i < operations.Length; i++)
        {
            if (operations[i].OtherKey.Length > 0 || (i > 0 && operations[i].Key.CompareTo(operations[i - 1].Key) <= 0))
                return false;
        }

        return true;
    }

    private bool TryAdd(Key key, int index, out int writer)
    {
        writer = index;
        if (_many is not null)
            return _many.TryAdd(key, index) || !_many.TryGetValue(key, out writer);
        var hash = key.GetHashCode();
        if (_hashes[.._count].Contains(hash) && TryFindWriter(key, index, out writer))
            return false;
        _hashes[_count++] = hash;
        return true;
    }

    // Keys of the same hash may differ. The two keys of one operation do.
    private readonly bool TryFindWriter(Key key, int end, out int writer)
    {
        for (writer = 0; writer < end; writer++)
        {
            var operation = _operations[writer];
            if ((operation.IsWrite && operation.Key == key) || operation.OtherKey == key)
                return true;
        }

        return false;
    }
}
