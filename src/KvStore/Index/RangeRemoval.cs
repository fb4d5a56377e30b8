namespace KvStore;

/// <summary>Removes an interval of positions from a tree.</summary>
internal static class RangeRemoval
{
    /// <summary>Removes entries below an owned node. Drops children that lie within the interval as a whole; leaves sparse nodes at its two edges.</summary>
    public static void RemoveBelow(Node node, int start, int count, SupersededBytes superseded)
    {
        if (node is Leaf leaf)
        {
            leaf.CloseGap(start, count);
            leaf.Sizes = leaf.SizesOf(0, leaf.Count);
            return;
        }

        var inner = (Inner)node;
        var slot = inner.ChildAt(ref start);
        if (start > 0)
        {
            count -= RemoveFromChild(inner, slot, start, Math.Min(count, inner.Totals[slot] - start), superseded);
            slot++;
        }

        var whole = 0;
        for (; count > 0 && inner.Totals[slot + whole] <= count; whole++)
            count -= inner.Totals[slot + whole];
        if (count > 0)
            RemoveFromChild(inner, slot + whole, 0, count, superseded);
        inner.CloseGap(slot, whole);
        inner.Sizes = inner.SizesOf(0, inner.Count);
    }

    /// <summary>Joins the sparse nodes on the path to a position with their neighbours, from the leaf up; false when none was sparse.</summary>
    public static bool JoinSparse(Node node, int position, SupersededBytes superseded)
    {
        if (node is not Inner inner)
            return false;

        var slot = inner.ChildAt(ref position);
        var child = NodeCopy.OwnChild(inner, slot, superseded);
        var joined = JoinSparse(child, position, superseded);
        if (child.Count >= Node.Sparse || inner.Count == 1)
            return joined;
        NodeEdit.Join(inner, Math.Max(slot - 1, 0), superseded);
        return true;
    }

    private static int RemoveFromChild(Inner inner, int slot, int start, int count, SupersededBytes superseded)
    {
        RemoveBelow(NodeCopy.OwnChild(inner, slot, superseded), start, count, superseded);
        inner.Totals[slot] -= count;
        return count;
    }
}
