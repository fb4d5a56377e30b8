namespace KvStore;

/// <summary>Changes owned nodes: inserts slots, splits and joins. Maintains prefixes, heads, totals and sizes.</summary>
internal static class NodeEdit
{
    /// <summary>Inserts an entry into a leaf that has room.</summary>
    public static void Insert(Leaf leaf, int slot, Entry entry)
    {
        leaf.OpenGap(slot, 1);
        leaf.Entries[slot] = entry;
        leaf.Sizes += EntrySizes.Of(entry);
        KeyAdded(leaf, slot);
    }

    /// <summary>Inserts a child into an inner node that has room.</summary>
    public static void Insert(Inner inner, int slot, byte[] separator, Node child)
    {
        inner.OpenGap(slot, 1);
        inner.SetSeparator(slot, separator);
        SetNew(inner, slot, child);
        KeyAdded(inner, slot);
    }

    /// <summary>Inserts a child before the first one of an inner node that has room.</summary>
    /// <param name="inner">The node.</param>
    /// <param name="child">The child.</param>
    /// <param name="separator">The separator of the child that was the first one.</param>
    public static void InsertFirst(Inner inner, Node child, byte[] separator)
    {
        inner.OpenGap(0, 1);
        inner.SetSeparator(0, null);
        inner.SetSeparator(1, separator);
        SetNew(inner, 0, child);
        Refit(inner);
    }

    /// <summary>Inserts a child into an inner node, and splits that if it is full.</summary>
    /// <returns>The new upper node; null if there was room.</returns>
    public static Inner? InsertOrSplit(Inner inner, int slot, byte[] separator, Node child)
    {
        if (inner.Count < Node.Capacity)
        {
            Insert(inner, slot, separator, child);
            return null;
        }

        // At the border the child goes to the lower node: the parent determines the first separator of the upper one.
        var upper = (Inner)Split(inner, slot);
        if (slot <= inner.Count)
            Insert(inner, slot, separator, child);
        else
            Insert(upper, slot - inner.Count, separator, child);
        return upper;
    }

    /// <summary>A root above two nodes that are roots or halves of one.</summary>
    public static Inner RootOf(Node lower, byte[] separator, Node upper, long owner)
    {
        var root = new Inner(owner);
        Insert(root, 0, [], lower);
        Insert(root, 1, separator, upper);
        return root;
    }

    /// <summary>Splits a full node so that there is room for a slot, and returns the new upper node.</summary>
    /// <param name="node">The node; it keeps the lower part.</param>
    /// <param name="slot">Where the new slot will be inserted.</param>
    public static Node Split(Node node, int slot)
    {
        // A slot at the end suggests that keys arrive in order: the lower part will not grow, so it stays nearly full.
        var stay = slot == node.Count ? node.Count - Node.Least : node.Count / 2;
        var upper = node.CreateEmpty(node.Owner);
        Move(node, stay, node.Count - stay, upper, 0);
        Refit(node);
        Refit(upper);
        return upper;
    }

    /// <summary>Joins two neighbours under a parent, one of them sparse: into one node if they fit, else into two of equal size.</summary>
    public static void Join(Inner parent, int lowerSlot, SupersededBytes superseded)
    {
        var lower = NodeCopy.OwnChild(parent, lowerSlot, superseded);
        var upper = NodeCopy.OwnChild(parent, lowerSlot + 1, superseded);
        if (upper is Inner inner)
            inner.SetSeparator(0, parent.SeparatorAt(lowerSlot + 1));

        var sum = lower.Count + upper.Count;
        var stay = sum <= Node.Capacity ? sum : sum / 2;
        if (stay > lower.Count)
            Move(upper, 0, stay - lower.Count, lower, lower.Count);
        else
            Move(lower, stay, lower.Count - stay, upper, 0);

        Refit(lower);
        parent.Totals[lowerSlot] = lower.Total;
        parent.CloseGap(lowerSlot + 1, 1);
        if (upper.Count == 0)
            return;
        Refit(upper);
        parent.Sizes -= upper.Sizes;
        Insert(parent, lowerSlot + 1, SeparatorOf(lower, upper), upper);
    }

    /// <summary>The shortest separator of two neighbours: greater than every key of the lower one, at most the least key of the upper one.</summary>
    public static byte[] SeparatorOf(Node lower, Node upper) => upper is Inner inner
        ? inner.SeparatorAt(0)!
        : SeparatorOf(lower.KeyAt(lower.Count - 1), upper.KeyAt(0));

    /// <summary>Extends the prefix of a node to the longest that its keys share.</summary>
    public static void Refit(Node node)
    {
        var prefix = node.Count > node.FirstKeyed
            ? NodeSearch.CommonPrefix(node.KeyAt(node.FirstKeyed), node.KeyAt(node.Count - 1))
            : 0;
        SetPrefix(node, prefix);
    }

    /// <summary>The shortest separator of two keys: greater than the lesser one, at most the other.</summary>
    public static byte[] SeparatorOf(ReadOnlySpan<byte> below, ReadOnlySpan<byte> least) =>
        least[..(NodeSearch.CommonPrefix(below, least) + 1)].ToArray();

    private static void Move(Node source, int from, int count, Node target, int at)
    {
        var sizes = source.SizesOf(from, count);
        target.OpenGap(at, count);
        source.CopySlots(from, count, target, at);
        source.CloseGap(from, count);
        target.Sizes += sizes;
        source.Sizes -= sizes;
    }

    private static void SetNew(Inner inner, int slot, Node child)
    {
        inner.Children[slot] = child;
        inner.Totals[slot] = child.Total;
        inner.Sizes += child.Sizes;
    }

    // Only a key without the node's prefix shortens it and changes the other heads.
    private static void KeyAdded(Node node, int slot)
    {
        if (slot < node.FirstKeyed)
            return;
        var key = node.KeyAt(slot);
        var other = slot == node.FirstKeyed ? slot + 1 : node.FirstKeyed;
        if (other >= node.Count)
        {
            SetPrefix(node, key.Length);
            return;
        }

        var common = NodeSearch.CommonPrefix(key, node.KeyAt(other)[..node.PrefixLength]);
        if (common < node.PrefixLength)
            SetPrefix(node, common);
        else
            node.Heads[slot] = NodeSearch.HeadOf(key, node.PrefixLength);
    }

    private static void SetPrefix(Node node, int prefix)
    {
        node.PrefixLength = prefix;
        if (prefix > 0)
            node.KeyAt(node.FirstKeyed)[..Math.Min(prefix, Node.NearPrefix)].CopyTo(node.Prefix);
        for (var slot = node.FirstKeyed; slot < node.Count; slot++)
            node.Heads[slot] = NodeSearch.HeadOf(node.KeyAt(slot), prefix);
        if (node.FirstKeyed > 0)
            node.Heads[0] = Node.FirstHead;
    }
}
