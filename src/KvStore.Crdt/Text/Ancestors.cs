namespace KvStore.Crdt;

/// <summary>Finds ancestors in the tree of a text without walking the same way twice.</summary>
internal static class Ancestors
{
    /// <summary>
    /// The nearest element that is not condemned and has a block below it on its right. It decides whether a block belongs to the right children of an
    /// element before it with only condemned ones between. Links to the left and through the condemned stay what they are, so they are followed once and then cut short.
    /// </summary>
    public static Block OnTheLeftOf(TextTree tree, Block block)
    {
        var top = block;
        Block parent;
        while (true)
        {
            if (top.Shortcut is { } shortcut)
            {
                top = shortcut;
                continue;
            }

            parent = tree.BlockOf(top.ParentAuthor, top.ParentSequence);
            if (top.Side == Side.Right && !parent.IsCondemned)
                break;
            top.Shortcut = parent;
            top = parent;
        }

        while (block != top)
        {
            var next = block.Shortcut!;
            block.Shortcut = top;
            block = next;
        }

        return parent;
    }
}
