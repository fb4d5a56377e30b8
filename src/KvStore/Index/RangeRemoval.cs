namespace KvStore;

/// <summary>Taking an interval of positions out of a tree.</summary>
internal static class RangeRemoval
{
    /// <summary>Removes entries below a node that is owned. Drops children that are within the interval as a whole; leaves sparse nodes at its two edges.</summary>
    public static void RemoveBelow(Node node, int start, int count)
    {
        if (node is Leaf leaf)
        {
            leaf.CloseGap(start, count);
            return;
        }

        var inner = (Inner)node;
        var slot = inner.ChildAt(ref start);
        if (start > 0)
        {
            count -= RemoveFromChild(inner, slot, start, Math.Min(count, inner.Totals[slot] - start));
            slot++;
        }

        var whole = 0;
        for (; count > 0 && inner.Totals[slot + whole] <= count; whole++)
            count -= inner.Totals[slot + whole];
        if (count > 0)
            RemoveFromChild(inner, slot + whole, 0, count);
        inner.CloseGap(slot, whole);
    }

    /// <summary>Joins sparse nodes on the way down to a position with their neighbours, from below; false when there was none to join.</summary>
    public static bool JoinSparse(Node node, int position)
    {
        if (node is not Inner inner)
            return false;

        var slot = inner.ChildAt(ref position);
        var child = NodeCopy.OwnChild(inner, slot);
        var joined = JoinSparse(child, position);
        if (child.Count >= Node.Sparse || inner.Count == 1)
            return joined;
        NodeEdit.Join(inner, Math.Max(slot - 1, 0));
        return true;
    }

    private static int RemoveFromChild(Inner inner, int slot, int start, int count)
    {
        RemoveBelow(NodeCopy.OwnChild(inner, slot), start, count);
        inner.Totals[slot] -= count;
        return count;
    }
}
