namespace KvStore;

/// <summary>
/// The entries of one snapshot, ordered by key. Immutable; any thread may read it at any time. A <see cref="Builder"/>
/// makes the next one and shares with it all that did not change.
/// </summary>
/// <remarks>
/// A B+tree that is copied where it is changed; docs/adr/0001-ordered-index.md says why. Entries have positions, and inner
/// nodes know how many entries are below each child: a range is an interval of positions, so counting it, walking it in
/// either direction and removing it need neither keys nor a stack.
/// </remarks>
internal sealed partial class OrderedIndex
{
    private readonly Node _root;

    private OrderedIndex(Node root, int count)
    {
        _root = root;
        Count = count;
    }

    /// <summary>No entries.</summary>
    public static OrderedIndex Empty { get; } = new(Leaf.Empty, 0);

    /// <summary>How many entries there are; 2,147,483,647 at most.</summary>
    public int Count { get; }

    /// <summary>An index of entries that come in key order, made in one pass.</summary>
    /// <exception cref="ArgumentException">An entry's key is not greater than the one before it.</exception>
    public static OrderedIndex FromSorted(IEnumerable<Entry> entries)
    {
        var load = new BulkLoad();
        foreach (var entry in entries)
            load.Add(entry);
        var root = load.Finish();
        return new(root, root.Total);
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

    /// <summary>How many entries a range holds, without touching them.</summary>
    public long CountOf(KeyRange range)
    {
        var (start, end) = PositionsOf(_root, Count, range);
        return end - start;
    }

    /// <summary>The entries of a range, in key order.</summary>
    public RangeEnumerator Scan(KeyRange range)
    {
        var (start, end) = PositionsOf(_root, Count, range);
        return new(_root, start, end, step: 1);
    }

    /// <summary>The entries of a range, the last key first.</summary>
    public RangeEnumerator ScanBackward(KeyRange range)
    {
        var (start, end) = PositionsOf(_root, Count, range);
        return new(_root, end - 1, start - 1, step: -1);
    }

    /// <summary>A builder that starts with this index's entries.</summary>
    public Builder ToBuilder() => new(this);

    /// <summary>Walks the whole index and throws when a rule of its structure is broken. For tests.</summary>
    internal void Validate() => IndexInvariants.Check(_root, Count, owner: 0);

    // The end is never before the start, even if the range's bounds are the wrong way round.
    private static (int Start, int End) PositionsOf(Node root, int count, KeyRange range)
    {
        var start = range.From.IsEmpty ? 0 : PositionOf(root, range.From.Span);
        var end = range.To.IsEmpty ? count : PositionOf(root, range.To.Span);
        return (start, Math.Max(start, end));
    }

    // How many entries have lesser keys.
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
