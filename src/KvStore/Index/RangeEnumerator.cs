namespace KvStore;

/// <summary>Walks a range of an index. Not to be shared between threads, and not to be copied while it walks.</summary>
/// <remarks>
/// It knows its position and goes down from the root again when a leaf is through. That is a few nanoseconds per entry, and
/// there is no path to keep: the enumerator allocates nothing.
/// </remarks>
internal struct RangeEnumerator
{
    private readonly Node _root;
    private readonly int _end;
    private readonly int _step;
    private int _position;
    private Leaf _leaf = Leaf.Empty;
    private int _slot;

    internal RangeEnumerator(Node root, int start, int end, int step)
    {
        _root = root;
        _end = end;
        _step = step;
        _position = start - step;
    }

    /// <summary>The entry that is stood on.</summary>
    public readonly Entry Current => _leaf.Entries[_slot];

    /// <summary>Goes to the next entry; false at the end.</summary>
    public bool MoveNext()
    {
        var next = _position + _step;
        if (next == _end)
            return false;
        _position = next;
        _slot += _step;
        if ((uint)_slot >= (uint)_leaf.Count)
            GoDown();
        return true;
    }

    /// <summary>Itself, so that foreach takes it.</summary>
    public readonly RangeEnumerator GetEnumerator() => this;

    private void GoDown()
    {
        var node = _root;
        _slot = _position;
        while (node is Inner inner)
            node = inner.Children[inner.ChildAt(ref _slot)]!;
        _leaf = (Leaf)node;
    }
}
