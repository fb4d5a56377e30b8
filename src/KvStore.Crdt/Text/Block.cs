namespace KvStore.Crdt;

/// <summary>On which side of its parent an element was inserted.</summary>
internal enum Side : byte
{
    Right,
    Left,
}

/// <summary>
/// Consecutive elements of one author, each the right child of the one before, adjacent in the text, and either all visible or all deleted. Only the
/// first one can have left children, and only the last one right children: whatever comes between splits the block.
/// </summary>
internal sealed class Block(Author? author, ulong first, int length)
{
    /// <summary>Who inserted the elements; null for the start of the text, which is one element that has no place of its own.</summary>
    public Author? Author { get; } = author;

    public ulong First = first;
    public int Length = length;

    /// <summary>Where the scalars are; without meaning if they are deleted.</summary>
    public int Content;
    public bool IsDeleted;

    /// <summary>Whether every live replica knows that the elements are deleted: then they get no more children.</summary>
    public bool IsCondemned;

    /// <summary>The element that the first one is a child of; the start of the text if it has no author.</summary>
    public Author? ParentAuthor;
    public ulong ParentSequence;
    public Side Side;

    /// <summary>The children of the first element.</summary>
    public Siblings LeftChildren;

    /// <summary>The children of the last element.</summary>
    public Siblings RightChildren;

    /// <summary>An ancestor that <see cref="Ancestors"/> may continue from.</summary>
    public Block? Shortcut;

    // The order of the text: a list, and a splay tree that finds positions.
    public Block? Previous;
    public Block? Next;
    public Block? Up;
    public Block? Low;
    public Block? High;

    /// <summary>How many ancestors the first element has. It never changes for an element, however the blocks are cut.</summary>
    public long Depth;

    /// <summary>The depth of the lowest element that this block and the one before it in the text are both below, or are themselves; -1 for the start.</summary>
    public long Joint;

    /// <summary>The lowest joint in this subtree of the splay tree.</summary>
    public long JointMin;

    /// <summary>How many visible elements this subtree of the splay tree has.</summary>
    public int Sum;

    public ulong Last => First + (ulong)Length - 1;

    public long LastDepth => Depth + Length - 1;

    public int Visible => IsDeleted || Author is null ? 0 : Length;

    /// <summary>Whether the neighbor on the right continues this block, so that the border between the two can move.</summary>
    public bool IsContinuedBy(Block next) =>
        Author is not null && next.Author == Author && next.First == Last + 1 && next.ParentAuthor == Author && next.ParentSequence == Last &&
        next.Side == Side.Right && RightChildren.IsOne;

    /// <summary>Moves the border to the block before, which it continues.</summary>
    public void MoveStart(int count)
    {
        First = unchecked(First + (ulong)count);
        ParentSequence = unchecked(ParentSequence + (ulong)count);
        Length -= count;
        Depth += count;
        Joint += count;
    }
}
