namespace KvStore.Tests;

/// <summary>Checks the rules of the tree's structure by walking all of it.</summary>
internal sealed class IndexInvariants
{
    private readonly long _owner;
    private int _depth = -1;
    private byte[]? _last;

    private IndexInvariants(long owner) => _owner = owner;

    /// <param name="root">The root of the tree.</param>
    /// <param name="count">The expected number of entries.</param>
    /// <param name="owner">The builder that may change nodes; zero when there is none.</param>
    /// <exception cref="InvalidOperationException">A rule is broken; the message names it.</exception>
    public static void Check(Node root, int count, long owner)
    {
        Require(root.Total == count, "the count is the number of entries");
        Require(root is Leaf || root.Count > 1, "an inner root has two children");
        new IndexInvariants(owner).Check(root, [], null, owned: true, depth: 0);
    }

    private void Check(Node node, ReadOnlySpan<byte> from, byte[]? to, bool owned, int depth)
    {
        Require(node.Count is >= 0 and <= Node.Capacity, "a node uses no more slots than it has");
        Require(depth == 0 || node.Count >= Node.Least, "a node is not too empty");
        Require(_owner == 0 || node.Owner != _owner || owned, "the owner of a node owns all above it");
        Require(node.Sizes == node.SizesOf(0, node.Count), "the sizes are those of the slots");
        CheckHeads(node);
        if (node is Inner inner)
            CheckChildren(inner, from, to, depth);
        else
            CheckEntries((Leaf)node, from, to, depth);
    }

    private static void CheckHeads(Node node)
    {
        for (var slot = node.FirstKeyed; slot < node.Count; slot++)
        {
            var key = node.KeyAt(slot);
            Require(key.Length >= node.PrefixLength, "every key of a node is as long as the prefix");
            Require(key[..node.PrefixLength].SequenceEqual(node.KeyAt(node.FirstKeyed)[..node.PrefixLength]), "every key of a node has the prefix");
            Require(node.Heads[slot] == NodeSearch.HeadOf(key, node.PrefixLength), "a head is the eight bytes after the prefix");
        }

        if (node.PrefixLength > 0)
        {
            var near = Math.Min(node.PrefixLength, Node.NearPrefix);
            Require(((ReadOnlySpan<byte>)node.Prefix)[..near].SequenceEqual(node.KeyAt(node.FirstKeyed)[..near]), "the near prefix is the start of the keys");
        }

        Require(node is Leaf || node.Heads[0] == Node.FirstHead, "the first head of an inner node is least");
        for (var slot = node.Count; slot < Node.Capacity; slot++)
            Require(node.Heads[slot] == Node.NoHead, "unused heads are greatest");
    }

    private void CheckChildren(Inner inner, ReadOnlySpan<byte> from, byte[]? to, int depth)
    {
        for (var slot = 0; slot < Node.Capacity; slot++)
        {
            if (slot >= inner.Count)
            {
                Require(inner.Children[slot] is null && inner.SeparatorAt(slot) is null && inner.Totals[slot] == 0, "unused slots are empty");
                continue;
            }

            var child = inner.Children[slot]!;
            Require(inner.Totals[slot] == child.Total, "a total counts the entries below");
            var least = slot == 0 ? from : inner.SeparatorAt(slot);
            Require(slot == 0 || least.SequenceCompareTo(from) > 0, "separators are in order and within the bounds of the parent");
            var next = slot + 1 < inner.Count ? inner.SeparatorAt(slot + 1) : to;
            Check(child, least, next, inner.Owner == _owner, depth + 1);
        }
    }

    private void CheckEntries(Leaf leaf, ReadOnlySpan<byte> from, byte[]? to, int depth)
    {
        if (_depth < 0)
            _depth = depth;
        Require(_depth == depth, "all leaves are equally deep");
        for (var slot = 0; slot < Node.Capacity; slot++)
        {
            if (slot >= leaf.Count)
            {
                Require(leaf.Entries[slot] == default, "unused slots are empty");
                continue;
            }

            var key = leaf.KeyAt(slot);
            Require(_last is null || key.SequenceCompareTo(_last) > 0, "keys are in order");
            Require(key.SequenceCompareTo(from) >= 0, "a key is at least the separator before it");
            Require(to is null || key.SequenceCompareTo(to) < 0, "a key is less than the separator after it");
            _last = key.ToArray();
        }
    }

    private static void Require(bool isMet, string rule)
    {
        if (!isMet)
            throw new InvalidOperationException($"Broken rule of the index: {rule}.");
    }
}
