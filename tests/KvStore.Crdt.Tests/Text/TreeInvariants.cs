namespace KvStore.Crdt.Tests;

/// <summary>Compares what the blocks of a text say of their places in the tree with the tree.</summary>
internal static class TreeInvariants
{
    public static void Check(TextTree tree)
    {
        for (var block = tree.Start.Next; block is not null; block = block.Next)
        {
            var (parent, offset) = Parent(tree, block);
            Assert.Equal(parent.Depth + offset + 1, block.Depth);
            Assert.Equal(DepthOfJoint(tree, block.Previous!, block), block.Joint);
        }
    }

    // The lowest element on both ways up: from the last element of one block, and from the first one of the next.
    private static long DepthOfJoint(TextTree tree, Block before, Block block)
    {
        var way = new Dictionary<Block, int>();
        for (var (at, offset) = (before, before.Length - 1); ; (at, offset) = Parent(tree, at))
        {
            way.Add(at, offset);
            if (at == tree.Start)
                break;
        }

        for (var (at, offset) = (block, 0); ; (at, offset) = Parent(tree, at))
        {
            if (way.TryGetValue(at, out var other))
                return at.Depth + Math.Min(offset, other);
        }
    }

    private static (Block Block, int Offset) Parent(TextTree tree, Block block)
    {
        var parent = tree.BlockOf(block.ParentAuthor, block.ParentSequence);
        return (parent, (int)(block.ParentSequence - parent.First));
    }
}
