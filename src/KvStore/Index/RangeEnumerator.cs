namespace KvStore;

/// <summary>Enumerates a range of an index. Not thread-safe; a copy enumerates on its own from where it was made.</summary>
/// <remarks>
/// At the end of a leaf it descends from the root to its position again. That costs a few nanoseconds per entry and saves
/// a stack: the enumerator allocates nothing.
/// </remarks>
internal struct RangeEnumerator
{
    private readonly Node _root;
    private readonly int _end;
    private int _position;
    private Leaf _leaf = Leaf.Empty;
    private int _slot;

    internal RangeEnumerator(Node root, int start, int end) => (_root, _position, _end) = (root, start - 1, end);

    /// <summary>The current entry.</summary>
    public readonly Entry Current => _leaf.Entries[_slot];

    /// <summary>Advances to the next entry; false at the end.</summary>
    public bool MoveNext()
    {
        if (_position + 1 == _end)
            return false;
        _position++;
        if (++_slot >= _leaf.Count)
            Descend();
        return true;
    }

    /// <summary>Supports foreach.</summary>
    public readonly RangeEnumerator GetEnumerator() => this;

    private void Descend()
    {
        var node = _root;
        _slot = _position;
        while (node is Inner inner)
            node = inner.Children[inner.ChildAt(ref _slot)]!;
        _leaf = (Leaf)node;
    }
}
