namespace KvStore.Crdt;

/// <summary>
/// The blocks in the order of the text: a list for neighbors, and a splay tree for positions. What was used last is near the root, so that
/// typing costs little; everything else is logarithmic on average over all operations. Reading a position changes the tree.
/// </summary>
internal sealed class BlockOrder
{
    private Block _root;

    /// <param name="start">The first block, which stays.</param>
    public BlockOrder(Block start)
    {
        _root = Start = start;
        start.Joint = -1;
        Update(start);
    }

    /// <summary>The number of visible elements.</summary>
    public int Count => _root.Sum;

    public Block Start { get; }

    /// <summary>The number of blocks.</summary>
    public int Blocks { get; private set; } = 1;

    public void InsertAfter(Block before, Block added)
    {
        Blocks++;
        Splay(before);
        added.Low = before;
        added.High = before.High;
        before.Up = added;
        before.High = null;
        if (added.High is { } high)
            high.Up = added;
        Update(before);
        Update(added);
        added.Up = null;
        _root = added;

        added.Previous = before;
        added.Next = before.Next;
        before.Next = added;
        if (added.Next is { } next)
            next.Previous = added;
    }

    /// <summary>Removes a block, which is not the start.</summary>
    public void Remove(Block block)
    {
        Blocks--;
        Splay(block);
        var (low, high) = (block.Low!, block.High);
        low.Up = null;
        _root = low;
        var previous = block.Previous!;
        Splay(previous);
        previous.High = high;
        if (high is not null)
            high.Up = previous;
        Update(previous);

        previous.Next = block.Next;
        if (block.Next is { } next)
            next.Previous = previous;
        (block.Low, block.High, block.Previous, block.Next) = (null, null, null, null);
    }

    /// <summary>The block of a visible element, and its place there.</summary>
    public (Block Block, int Offset) Find(int position)
    {
        var at = _root;
        while (true)
        {
            var low = at.Low?.Sum ?? 0;
            if (position < low)
            {
                at = at.Low!;
                continue;
            }

            position -= low;
            if (position < at.Visible)
                break;
            position -= at.Visible;
            at = at.High!;
        }

        Splay(at);
        return (at, position);
    }

    /// <summary>How many visible elements precede a block.</summary>
    public int PositionOf(Block block)
    {
        Splay(block);
        return block.Low?.Sum ?? 0;
    }

    /// <summary>The last block in the text that is below the first element of a block, or that block. Found by the joints, because the way down can be long.</summary>
    public Block LastBelow(Block block)
    {
        if (block.RightChildren.IsEmpty)
            return block;
        Splay(block);
        var at = block.High!;
        if (at.JointMin >= block.Depth)
        {
            while (at.High is { } high)
                at = high;
            Splay(at);
            return at;
        }

        while (true)
        {
            if (at.Low is { } low && low.JointMin < block.Depth)
                at = low;
            else if (at.Joint < block.Depth)
                break;
            else
                at = at.High!;
        }

        Splay(at);
        return at.Previous!;
    }

    /// <summary>The first block in the text that is below the first element of a block, or that block.</summary>
    public Block FirstBelow(Block block)
    {
        if (block.LeftChildren.IsEmpty)
            return block;
        Splay(block);
        var at = block.Low!;
        while (true)
        {
            if (at.High is { } high && high.JointMin < block.Depth)
                at = high;
            else if (at.Joint < block.Depth)
                break;
            else
                at = at.Low!;
        }

        Splay(at);
        return at;
    }

    /// <summary>Counts a block again, whose length or visibility has changed.</summary>
    public void Recount(Block block)
    {
        Splay(block);
        Update(block);
    }

    private void Splay(Block block)
    {
        while (block.Up is { } parent)
        {
            if (parent.Up is { } grandparent)
                Rotate(grandparent.Low == parent == (parent.Low == block) ? parent : block);
            Rotate(block);
        }

        _root = block;
    }

    // Lifts a block above its parent. What is below both is counted anew, so a count that was stale on the way is right after it.
    private static void Rotate(Block block)
    {
        var parent = block.Up!;
        var grandparent = parent.Up;
        if (parent.Low == block)
        {
            parent.Low = block.High;
            if (block.High is { } moved)
                moved.Up = parent;
            block.High = parent;
        }
        else
        {
            parent.High = block.Low;
            if (block.Low is { } moved)
                moved.Up = parent;
            block.Low = parent;
        }

        parent.Up = block;
        block.Up = grandparent;
        if (grandparent?.Low == parent)
            grandparent.Low = block;
        else if (grandparent is not null)
            grandparent.High = block;
        Update(parent);
        Update(block);
    }

    private static void Update(Block block)
    {
        var (low, high) = (block.Low, block.High);
        var (sum, joint) = (block.Visible, block.Joint);
        if (low is not null)
            (sum, joint) = (sum + low.Sum, Math.Min(joint, low.JointMin));
        if (high is not null)
            (sum, joint) = (sum + high.Sum, Math.Min(joint, high.JointMin));
        (block.Sum, block.JointMin) = (sum, joint);
    }
}
