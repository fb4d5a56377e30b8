namespace KvStore.Crdt;

/// <summary>
/// The elements of a text, visible and deleted, as a tree whose traversal in order (left children, the element, right children) is the text.
/// </summary>
/// <remarks>
/// An element that is inserted becomes the right child of its left neighbor, or, if that has right children, a left child of the first of what is below it
/// (Fugue). So what is typed forwards is a chain of right children and what is typed backwards a chain of left children, and the chains of replicas that type at
/// one place stay whole: siblings are ordered by author. A parent may be a deleted element, but never a condemned one, so that those can be dropped.
/// </remarks>
internal sealed class TextTree
{
    private readonly SortedDictionary<ReplicaId, Author> _authors = [];
    private int _deletionRuns;

    public BlockOrder Order { get; } = new(new Block(null, 0, 1));

    public Scalars Scalars { get; } = new();

    public Block Start => Order.Start;

    /// <summary>Of how many blocks and runs of deletions it consists, and a thousand: the costs of rare work are a multiple of it.</summary>
    public long Parts => Order.Blocks + _deletionRuns + 1000L;

    /// <summary>About how much memory it takes.</summary>
    public long MemoryBytes => (Order.Blocks * 190L) + Scalars.MemoryBytes + (_deletionRuns * 50L) + (_authors.Count * 250L);

    public IEnumerable<Author> Authors => _authors.Values;

    public Author AuthorOf(ReplicaId id)
    {
        if (!_authors.TryGetValue(id, out var author))
            _authors.Add(id, author = new Author(id));
        return author;
    }

    public Author? FindAuthor(ReplicaId id) => _authors.GetValueOrDefault(id);

    public void RemoveAuthor(ReplicaId id) => _authors.Remove(id);

    /// <summary>The block of an element that exists.</summary>
    public Block BlockOf(Author? author, ulong sequence) => author is null ? Start : author.Blocks.Find(sequence)!;

    /// <summary>Inserts visible elements at a position.</summary>
    public void InsertAt(int position, Author author, ulong first, ReadOnlySpan<int> scalars)
    {
        var (left, offset) = position == 0 ? (Start, 0) : Order.Find(position - 1);
        if (offset < left.Length - 1)
        {
            Insert(Split(left, offset + 1), Side.Left, author, first, scalars);
        }
        else if (!left.RightChildren.IsEmpty)
        {
            var right = left.Next;
            while (right is { IsCondemned: true })
                right = right.Next;
            var isBelow = right is not null && (right == left.Next || Ancestors.OnTheLeftOf(this, right) == left);
            Insert(isBelow ? right! : left, isBelow ? Side.Left : Side.Right, author, first, scalars);
        }
        else
        {
            Append(left, author, first, scalars);
        }
    }

    /// <summary>Inserts visible elements as children of the last (right) or first (left) element of a block.</summary>
    public void Insert(Block parent, Side side, Author author, ulong first, ReadOnlySpan<int> scalars)
    {
        if (side == Side.Right && parent.RightChildren.IsEmpty)
            Append(parent, author, first, scalars);
        else
            Place(NewBlock(author, first, scalars), parent, side);
    }

    /// <summary>Inserts visible elements as right children of the last element of a block, which has none.</summary>
    /// <returns>The block that ends with them: the same one if they continue it.</returns>
    public Block Append(Block block, Author author, ulong first, ReadOnlySpan<int> scalars)
    {
        if (block.Author == author && block.Last + 1 == first && !block.IsDeleted && block.Content + block.Length == Scalars.Count)
        {
            Scalars.Add(scalars);
            block.Length += scalars.Length;
            Order.Recount(block);
            return block;
        }

        var added = NewBlock(author, first, scalars);
        Place(added, block, Side.Right);
        return added;
    }

    public Block NewBlock(Author author, ulong first, ReadOnlySpan<int> scalars)
    {
        var block = new Block(author, first, scalars.Length) { Content = Scalars.Count };
        Scalars.Add(scalars);
        return block;
    }

    /// <summary>Inserts a block as a child of the last (right) or first (left) element of another.</summary>
    public void Place(Block added, Block parent, Side side)
    {
        added.Side = side;
        added.ParentAuthor = parent.Author;
        if (side == Side.Right)
        {
            added.ParentSequence = parent.Last;
            added.Depth = parent.LastDepth + 1;
            added.Joint = parent.LastDepth;
            var before = parent.RightChildren.Around(added).Before;
            parent.RightChildren.Add(added);
            Order.InsertAfter(before is null ? parent : Order.LastBelow(before), added);
        }
        else
        {
            added.ParentSequence = parent.First;
            added.Depth = parent.Depth + 1;
            var sibling = parent.LeftChildren.Around(added).After;
            var after = sibling is null ? parent : Order.FirstBelow(sibling);
            added.Joint = after.Joint;
            after.Joint = parent.Depth;
            Order.Recount(after);
            parent.LeftChildren.Add(added);
            Order.InsertAfter(after.Previous!, added);
        }

        added.Author!.Blocks.Add(added);
    }

    /// <summary>Splits a block.</summary>
    /// <returns>The block of the rest, which begins with the element at <paramref name="offset"/>.</returns>
    public Block Split(Block block, int offset)
    {
        var rest = new Block(block.Author, block.First + (ulong)offset, block.Length - offset)
        {
            Content = block.Content + offset,
            IsDeleted = block.IsDeleted,
            IsCondemned = block.IsCondemned,
            ParentAuthor = block.Author,
            ParentSequence = block.First + (ulong)offset - 1,
            Side = Side.Right,
            RightChildren = block.RightChildren,
            Depth = block.Depth + offset,
            Joint = block.Depth + offset - 1,
        };
        block.Length = offset;
        block.RightChildren = default;
        block.RightChildren.Add(rest);
        Order.InsertAfter(block, rest);
        block.Author!.Blocks.Add(rest);
        return rest;
    }

    /// <summary>Deletes visible elements of a block.</summary>
    public void Delete(Block block, int offset, int count)
    {
        if (TryMoveBorder(block, offset, count))
        {
            Scalars.Release(count, Start);
            return;
        }

        if (offset > 0)
            block = Split(block, offset);
        if (count < block.Length)
            Split(block, count);
        block.IsDeleted = true;
        Order.Recount(block);
        if (block.Previous is { IsDeleted: true, IsCondemned: false } previous && previous.IsContinuedBy(block))
            block = Join(previous, block);
        if (block.Next is { IsDeleted: true, IsCondemned: false } next && block.IsContinuedBy(next))
            Join(block, next);
        Scalars.Release(count, Start);
    }

    /// <summary>Notes what an author deleted.</summary>
    public void Log(Author author, DeletionRun run) => _deletionRuns += author.Deletions.Append(run);

    /// <summary>Replaces the log of what an author deleted.</summary>
    public void ReplaceLog(Author author, IEnumerable<DeletionRun> runs) => _deletionRuns += author.Deletions.Replace(runs);

    /// <summary>Drops a deleted block that has no children.</summary>
    public void Drop(Block block, Block parent)
    {
        if (block.Side == Side.Right)
            parent.RightChildren.Remove(block);
        else
            parent.LeftChildren.Remove(block);
        block.Author!.Blocks.Remove(block);
        if (block.Next is { } next && next.Joint > block.Joint)
        {
            next.Joint = block.Joint;
            Order.Recount(next);
        }

        Order.Remove(block);
    }

    /// <summary>Drops the elements of a deleted block after the first one, which have no children.</summary>
    public void Trim(Block block)
    {
        block.Length = 1;
        Order.Recount(block);
    }

    // Deleting backwards from the end of a block, or forwards from its start, moves the border to what was deleted before.
    private bool TryMoveBorder(Block block, int offset, int count)
    {
        if (count == block.Length)
            return false;
        if (offset + count == block.Length && block.Next is { IsDeleted: true, IsCondemned: false } next && next.Length <= int.MaxValue - count && block.IsContinuedBy(next))
        {
            next.MoveStart(-count);
            block.Length -= count;
            Order.Recount(next);
            Order.Recount(block);
            return true;
        }

        if (offset == 0 && block.Previous is { IsDeleted: true, IsCondemned: false } previous && previous.Length <= int.MaxValue - count && previous.IsContinuedBy(block))
        {
            previous.Length += count;
            block.MoveStart(count);
            block.Content += count;
            Order.Recount(block);
            return true;
        }

        return false;
    }

    private Block Join(Block block, Block next)
    {
        if (next.Length > int.MaxValue - block.Length)
            return next;
        next.Author!.Blocks.Remove(next);
        Order.Remove(next);
        block.Length += next.Length;
        block.RightChildren = next.RightChildren;

        // Shortcuts may lead to the block that is no more.
        next.Shortcut = block;
        return block;
    }
}
