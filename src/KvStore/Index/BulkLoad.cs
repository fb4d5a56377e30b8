namespace KvStore;

/// <summary>Builds a tree from entries in key order, from the leaves up, in linear time. Single use.</summary>
internal sealed class BulkLoad
{
    // Room for some new keys before a node splits.
    private const int Fill = Node.Capacity - Node.Capacity / 8;

    private readonly List<Node> _level = [];
    private readonly long _owner = NodeCopy.NewOwner();
    private Leaf? _leaf;

    /// <summary>Appends an entry.</summary>
    /// <exception cref="ArgumentException">Its key is not greater than the last one.</exception>
    public void Add(Entry entry)
    {
        if (_leaf is { } last && last.KeyAt(last.Count - 1).SequenceCompareTo(entry.KeyUtf8) >= 0)
            throw new ArgumentException($"The key {entry.Key} does not come after the one before it.", nameof(entry));
        if (_leaf is null || _leaf.Count == Fill)
            _level.Add(_leaf = new Leaf(_owner));
        _leaf.Entries[_leaf.Count++] = entry;
        _leaf.Sizes += EntrySizes.Of(entry);
    }

    /// <summary>The root of the tree. To be called once, last.</summary>
    public Node Finish()
    {
        if (_level.Count == 0)
            return Leaf.Empty;
        FillLast(_level);
        foreach (var leaf in _level)
            NodeEdit.Refit(leaf);

        var level = _level;
        while (level.Count > 1)
            level = LevelAbove(level);
        return level[0];
    }

    private List<Node> LevelAbove(List<Node> level)
    {
        var above = new List<Node>();
        Inner? inner = null;
        for (var i = 0; i < level.Count; i++)
        {
            if (inner is null || inner.Count == Fill)
                above.Add(inner = new Inner(_owner));
            inner.SetSeparator(inner.Count, i == 0 ? [] : NodeEdit.SeparatorOf(level[i - 1], level[i]));
            inner.Children[inner.Count] = level[i];
            inner.Totals[inner.Count] = level[i].Total;
            inner.Sizes += level[i].Sizes;
            inner.Count++;
        }

        FillLast(above);
        foreach (var node in above)
            NodeEdit.Refit(node);
        return above;
    }

    // Only the last node of a level may be too empty; its neighbour is full.
    private static void FillLast(List<Node> level)
    {
        if (level.Count < 2 || level[^1].Count >= Node.Sparse)
            return;
        var (lower, upper) = (level[^2], level[^1]);
        var count = Node.Sparse - upper.Count;
        var sizes = lower.SizesOf(lower.Count - count, count);
        upper.OpenGap(0, count);
        lower.CopySlots(lower.Count - count, count, upper, 0);
        lower.Truncate(lower.Count - count);
        upper.Sizes += sizes;
        lower.Sizes -= sizes;
    }
}
