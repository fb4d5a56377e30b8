namespace KvStore;

/// <summary>The one way to copy a node, and who may change which node.</summary>
/// <remarks>
/// A builder takes a number that nobody else ever has, and puts it into the nodes that it makes. While it keeps that number
/// it changes those nodes in place; all others it copies first. When it gives an index away it takes another number, and
/// with that all the nodes that it made are immutable.
/// </remarks>
internal static class NodeCopy
{
    private static long _lastOwner;

    /// <summary>A number that no builder has had.</summary>
    public static long NewOwner() => Interlocked.Increment(ref _lastOwner);

    /// <summary>The node itself if the owner may change it, else a copy that the owner may change.</summary>
    public static Node Own(Node node, long owner)
    {
        if (node.Owner == owner)
            return node;
        var copy = node.CreateEmpty(owner);
        copy.PrefixLength = node.PrefixLength;
        copy.Prefix = node.Prefix;
        copy.Count = node.Count;
        node.CopyAllSlots(copy);
        return copy;
    }

    /// <summary>A child that the owner of its parent may change; the parent then refers to it.</summary>
    public static Node OwnChild(Inner parent, int slot)
    {
        var child = parent.Children[slot]!;
        if (child.Owner == parent.Owner)
            return child;
        child = Own(child, parent.Owner);
        parent.Children[slot] = child;
        return child;
    }
}
