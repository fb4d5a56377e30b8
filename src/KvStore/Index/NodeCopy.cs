namespace KvStore;

/// <summary>The one way to copy a node, and the rule which nodes may change in place.</summary>
/// <remarks>
/// A builder takes a unique number and puts it into the nodes that it creates. While it has that number, it changes those nodes
/// in place and copies all others first. When it publishes an index it takes a new number, which makes all nodes
/// that it created so far immutable.
/// </remarks>
internal static class NodeCopy
{
    private static long _lastOwner;

    /// <summary>A number that no builder has had. Thread-safe.</summary>
    public static long NewOwner() => Interlocked.Increment(ref _lastOwner);

    /// <summary>The node itself if the owner may change it, else a copy that the owner may change.</summary>
    public static Node Own(Node node, long owner, SupersededBytes superseded)
    {
        if (node.Owner == owner)
            return node;
        superseded.Add(node);
        var copy = node.CreateEmpty(owner);
        copy.PrefixLength = node.PrefixLength;
        copy.Prefix = node.Prefix;
        copy.Count = node.Count;
        copy.Sizes = node.Sizes;
        node.CopyAllSlots(copy);
        return copy;
    }

    /// <summary>A child that the owner of its parent may change. Replaces the parent's reference when it has to copy.</summary>
    public static Node OwnChild(Inner parent, int slot, SupersededBytes superseded)
    {
        var child = parent.Children[slot]!;
        if (child.Owner == parent.Owner)
            return child;
        child = Own(child, parent.Owner, superseded);
        parent.Children[slot] = child;
        return child;
    }
}
