namespace KvStore.Crdt;

/// <summary>
/// Finds the places of one text in another replica of it: both have the elements in the same order, so what stands between two elements here belongs between them there. An
/// element that was deleted there still has its place, as long as it was not collected.
/// </summary>
/// <param name="tree">The text in which places are found.</param>
/// <param name="author">The replica whose changes are new there, in the tree that is passed.</param>
/// <param name="after">The number of its changes that are not new.</param>
/// <param name="isSameText">Whether the two have any element in common.</param>
internal sealed class TextPlaces(TextTree tree, Author author, ulong after, bool isSameText)
{
    /// <summary>Where to insert: after the last element that both have, and what was inserted there.</summary>
    public int Position { get; private set; }

    /// <summary>What is new and visible, in the order of the text. Each part is inserted before the next one is taken.</summary>
    public IEnumerable<int[]> Insertions(TextTree from)
    {
        for (var block = from.Start.Next; block is not null; block = block.Next)
        {
            Pass(block.Author!, new(block.First, block.Last));
            if (block.Author != author || block.IsDeleted || block.Last <= after)
                continue;
            var scalars = from.Scalars.Of(block)[(block.First > after ? 0 : (int)(after - block.First + 1))..].ToArray();
            yield return scalars;
            Position += scalars.Length;
        }
    }

    /// <summary>The elements that deletions are about.</summary>
    public IEnumerable<(Author Author, DotRun Elements)> Find(IEnumerable<DeletionRun> deletions) =>
        from run in isSameText ? deletions : []
        let there = tree.FindAuthor(run.Target.Id)
        where there is not null
        select (there, Known(run.Target, run.Targets));

    private void Pass(Author passed, DotRun elements)
    {
        if (!isSameText || tree.FindAuthor(passed.Id) is not { } there)
            return;

        // Never back: what was inserted beside a deleted element may stand after it.
        foreach (var (block, offset, count) in there.Blocks.Parts(Known(passed, elements)))
            Position = Math.Max(Position, tree.Order.PositionOf(block) + (block.IsDeleted ? 0 : offset + count));
    }

    // Under the numbers of new elements the text may have others.
    private DotRun Known(Author target, DotRun elements) => target == author ? elements with { Last = Math.Min(elements.Last, after) } : elements;
}
