namespace KvStore;

/// <summary>
/// The entries of one snapshot, ordered by key. Immutable; any thread may read it at any time. A <see cref="Builder"/>
/// creates the next version, which shares all unchanged nodes with this one.
/// </summary>
/// <remarks>
/// A copy-on-write B+tree; docs/adr/0001-ordered-index.md says why. Inner nodes count the entries below each child, so every entry has
/// a position and a range is an interval of positions: counting it, walking it and removing it need neither keys nor a stack.
/// </remarks>
internal sealed partial class OrderedIndex
{
    private readonly Node _root;

    private OrderedIndex(Node root, int count, long owner)
    {
        _root = root;
        Count = count;
        Owner = owner;
    }

    /// <summary>An index without entries.</summary>
    public static OrderedIndex Empty { get; } = new(Leaf.Empty, 0, 0);

    /// <summary>The number of entries, at most 2,147,483,647.</summary>
    public int Count { get; }

    /// <summary>The number of the builder that made it: the greatest <see cref="Node.Owner"/> of its nodes, or greater.</summary>
    public long Owner { get; }

    /// <summary>The sizes of all entries.</summary>
    public EntrySizes Sizes => _root.Sizes;

    /// <summary>Builds an index from entries in key order, in one pass.</summary>
    /// <exception cref="ArgumentException">An entry's key is not greater than the one before it.</exception>
    public static OrderedIndex FromSorted(IEnumerable<Entry> entries)
    {
        var load = new BulkLoad();
        foreach (var entry in entries)
            load.Add(entry);
        var root = load.Finish();
        return new(root, root.Total, root.Owner);
    }

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(ReadOnlySpan<byte> key) => Find(_root, key);

    private static Entry? Find(Node node, ReadOnlySpan<byte> key)
    {
        while (node is Inner inner)
            node = inner.Children[NodeSearch.ChildOf(inner, key)]!;
        var leaf = (Leaf)node;
        var at = NodeSearch.SlotOf(leaf, key);
        return at < 0 ? null : leaf.Entries[at];
    }

    /// <summary>Counts the entries of a range without visiting them.</summary>
    public long CountOf(KeyRange range)
    {
        var (start, end) = PositionsOf(_root, Count, range);
        return end - start;
    }

    /// <summary>The entries of a range, in key order.</summary>
    public RangeEnumerator Scan(KeyRange range)
    {
        var (start, end) = PositionsOf(_root, Count, range);
        return new(_root, start, end);
    }

    /// <summary>The entry at a position in key order.</summary>
    public Entry EntryAt(int position)
    {
        var node = _root;
        while (node is Inner inner)
            node = inner.Children[inner.ChildAt(ref position)]!;
        return ((Leaf)node).Entries[position];
    }

    /// <summary>A builder that starts with the entries of this index.</summary>
    /// <param name="superseded">Receives the nodes that the builder copies or drops.</param>
    public Builder ToBuilder(SupersededBytes superseded) => new(this, superseded);

    // What it copies supersedes nothing: for a builder whose index is part of another builder's, and for tests.
    internal Builder ToBuilder() => new(this, new SupersededBytes(default, []));

    // For tests, which check the rules of the tree.
    internal Node Root => _root;

    // The end is never before the start, even if the bounds of the range are reversed.
    private static (int Start, int End) PositionsOf(Node root, int count, KeyRange range)
    {
        var start = range.From.IsEmpty ? 0 : PositionOf(root, range.From.Span);
        var end = range.To.IsEmpty ? count : PositionOf(root, range.To.Span);
        return (start, Math.Max(start, end));
    }

    // The number of entries with lesser keys.
    private static int PositionOf(Node node, ReadOnlySpan<byte> key)
    {
        var position = 0;
        while (node is Inner inner)
        {
            var slot = NodeSearch.ChildOf(inner, key);
            foreach (var below in ((ReadOnlySpan<int>)inner.Totals)[..slot])
                position += below;
            node = inner.Children[slot]!;
        }

        return position + NodeSearch.LowerBound(node, key);
    }
}
