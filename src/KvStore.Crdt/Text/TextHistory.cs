namespace KvStore.Crdt;

/// <summary>Compares what a delta says of changes that a text has with the text: one replica id must not have two histories.</summary>
internal static class TextHistory
{
    /// <summary>Whether the known part of a run is another change than the one that the text has. What was dropped cannot be compared.</summary>
    public static bool Differs(TextTree tree, Author?[] authors, TextDelta delta, int place, TextRun run, ulong seen)
    {
        if (authors[place] is not { } author)
            return false;
        if (run.IsDeletion)
        {
            var known = author.Deletions.Find(run.First);
            return known.Length == 0
                ? author.Blocks.Find(run.First) is not null
                : known.Target != authors[run.Reference] || known.Clip(run.First, run.First).TargetFirst != run.ReferenceSequence;
        }

        if (!run.IsInsertion)
            return false;
        if (author.Deletions.Find(run.First).Length > 0)
            return true;
        return author.Blocks.Find(run.First) is { } block && (HasOtherParent(block, authors, run) || HasOtherContent(tree, author, delta, place, run, seen));
    }

    private static bool HasOtherParent(Block block, Author?[] authors, TextRun run)
    {
        if (run.First > block.First)
            return run.Kind != TextRunKind.InsertRight || authors[run.Reference] != block.Author || run.ReferenceSequence != run.First - 1;
        return run.Kind == TextRunKind.InsertAtStart
            ? block.ParentAuthor is not null
            : block.ParentAuthor is null || block.ParentAuthor != authors[run.Reference] || block.ParentSequence != run.ReferenceSequence ||
                block.Side != (run.Kind == TextRunKind.InsertLeft ? Side.Left : Side.Right);
    }

    private static bool HasOtherContent(TextTree tree, Author author, TextDelta delta, int place, TextRun run, ulong seen)
    {
        var content = run.Content;
        foreach (var (elements, isDeleted) in TextDelta.Divide(new(run.First, run.Last), delta.Deleted[place]))
        {
            if (isDeleted)
                continue;
            var last = Math.Min(elements.Last, seen);
            for (var block = author.Blocks.FirstFrom(elements.First); block is not null && block.First <= last; block = author.Blocks.FirstFrom(block.Last + 1))
            {
                var first = Math.Max(block.First, elements.First);
                var count = (int)(Math.Min(block.Last, last) - first + 1);
                if (!block.IsDeleted &&
                    !tree.Scalars.Of(block).Slice((int)(first - block.First), count).SequenceEqual(delta.Scalars.AsSpan(content + (int)(first - elements.First), count)))
                    return true;
            }

            content += (int)elements.Length;
        }

        return false;
    }
}
