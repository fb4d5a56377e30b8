namespace KvStore;

/// <summary>Appends a tree to another one: it becomes a child on the edge of the taller one, so only the nodes above it are copied.</summary>
internal static class Concatenation
{
    /// <summary>The root of a tree with the entries of both. It may leave sparse nodes where the two meet.</summary>
    /// <param name="lower">The root of the tree with the lesser keys.</param>
    /// <param name="upper">The root of the other tree.</param>
    /// <param name="owner">The owner of what has to be copied.</param>
    /// <param name="superseded">Receives the nodes that are copied.</param>
    public static Node Of(Node lower, Node upper, long owner, SupersededBytes superseded)
    {
        if (lower.Count == 0 || upper.Count == 0)
            return lower.Count == 0 ? upper : lower;
        var separator = NodeEdit.SeparatorOf(LastKey(lower), FirstKey(upper));
        var levels = HeightOf(lower) - HeightOf(upper);
        if (levels == 0)
            return NodeEdit.RootOf(lower, separator, upper, owner);

        var taller = (Inner)NodeCopy.Own(levels > 0 ? lower : upper, owner, superseded);
        var split = levels > 0 ? Append(taller, levels, separator, upper, superseded) : Prepend(taller, -levels, separator, lower, superseded);
        return split is null ? taller : NodeEdit.RootOf(taller, NodeEdit.SeparatorOf(taller, split), split, owner);
    }

    // The new upper node, if there was no room.
    private static Inner? Append(Inner inner, int levels, byte[] separator, Node added, SupersededBytes superseded)
    {
        if (levels == 1)
            return NodeEdit.InsertOrSplit(inner, inner.Count, separator, added);
        var slot = inner.Count - 1;
        return Adopt(inner, slot, added, Append((Inner)NodeCopy.OwnChild(inner, slot, superseded), levels - 1, separator, added, superseded));
    }

    private static Inner? Prepend(Inner inner, int levels, byte[] separator, Node added, SupersededBytes superseded)
    {
        if (levels > 1)
            return Adopt(inner, 0, added, Prepend((Inner)NodeCopy.OwnChild(inner, 0, superseded), levels - 1, separator, added, superseded));
        var upper = inner.Count == Node.Capacity ? (Inner)NodeEdit.Split(inner, 0) : null;
        NodeEdit.InsertFirst(inner, added, separator);
        return upper;
    }

    private static Inner? Adopt(Inner inner, int slot, Node added, Inner? upper)
    {
        var child = inner.Children[slot]!;
        inner.Totals[slot] = child.Total;
        inner.Sizes += added.Sizes;
        if (upper is null)
            return null;
        inner.Sizes -= upper.Sizes;
        return NodeEdit.InsertOrSplit(inner, slot + 1, NodeEdit.SeparatorOf(child, upper), upper);
    }

    private static int HeightOf(Node node)
    {
        var height = 0;
        for (; node is Inner inner; node = inner.Children[0]!)
            height++;
        return height;
    }

    private static ReadOnlySpan<byte> FirstKey(Node node)
    {
        while (node is Inner inner)
            node = inner.Children[0]!;
        return node.KeyAt(0);
    }

    private static ReadOnlySpan<byte> LastKey(Node node)
    {
        while (node is Inner inner)
            node = inner.Children[inner.Count - 1]!;
        return node.KeyAt(node.Count - 1);
    }
}
