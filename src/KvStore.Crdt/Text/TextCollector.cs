namespace KvStore.Crdt;

/// <summary>
/// Drops deleted elements in two steps. Those that every live replica knows to be deleted are condemned: from then on they get no children. When every
/// live replica has done the same, no change that is still to come refers to them, and those without children are dropped. Element by element, so that
/// replicas with other blocks drop the same.
/// </summary>
internal static class TextCollector
{
    /// <summary>Condemns what a version knows to be deleted.</summary>
    /// <returns>Whether there was anything that was not condemned.</returns>
    public static bool Condemn(TextTree tree, VersionVector stable)
    {
        var blocks = new Stack<Block>();
        foreach (var (author, runs) in Deleted(tree, stable))
        {
            foreach (var run in runs)
                Isolate(tree, author, run, blocks);
        }

        var hasCondemned = false;
        foreach (var block in blocks)
        {
            hasCondemned |= !block.IsCondemned;
            block.IsCondemned = true;
        }

        return hasCondemned;
    }

    /// <summary>Drops what a version knows to be deleted, and what was condemned in every live replica.</summary>
    /// <returns>Whether there was anything to drop.</returns>
    public static bool DropDeleted(TextTree tree, VersionVector stable)
    {
        var leaves = new Stack<Block>();
        foreach (var (author, runs) in Deleted(tree, stable))
        {
            foreach (var run in runs)
                Isolate(tree, author, run, leaves);
        }

        var stableBlocks = leaves.ToHashSet();
        var hasDropped = false;
        while (leaves.TryPop(out var block))
        {
            if (!stableBlocks.Contains(block) || !block.RightChildren.IsEmpty)
                continue;
            var parent = tree.BlockOf(block.ParentAuthor, block.ParentSequence);
            if (block.LeftChildren.IsEmpty)
            {
                tree.Drop(block, parent);
                stableBlocks.Remove(block);
                leaves.Push(parent);
                hasDropped = true;
            }
            else if (block.Length > 1)
            {
                // The first element has children; those after it have none.
                tree.Trim(block);
                hasDropped = true;
            }
        }

        return TrimLogs(tree, stable) || hasDropped;
    }

    /// <summary>How many parts of blocks the deletions name that a version has, each for itself; not counted further than needed to see that they are too many.</summary>
    public static long Parts(TextTree tree, VersionVector stable)
    {
        var max = 100 * tree.Parts;
        return (from author in tree.Authors
                from run in author.Deletions.Runs
                where run.First <= stable[author.Id]
                from part in run.Target.Blocks.Parts(run.Targets)
                select part).Take((int)Math.Min(max, int.MaxValue)).Count();
    }

    private static IEnumerable<(Author Author, List<DotRun> Runs)> Deleted(TextTree tree, VersionVector stable) =>
        from author in tree.Authors
        from run in author.Deletions.Runs
        where run.First <= stable[author.Id]
        group run.Clip(run.First, stable[author.Id]).Targets by run.Target into targets
        select (targets.Key, TextDelta.Normalize([.. targets]));

    // Makes blocks that have only elements of the run.
    private static void Isolate(TextTree tree, Author author, DotRun run, Stack<Block> blocks)
    {
        for (var first = run.First; first <= run.Last && author.Blocks.FirstFrom(first) is { } block && block.First <= run.Last; first = block.Last + 1)
        {
            if (block.First < first)
                block = tree.Split(block, (int)(first - block.First));
            if (block.Last > run.Last)
                tree.Split(block, (int)(run.Last - block.First) + 1);
            blocks.Push(block);
        }
    }

    // A deletion is of no more use when what it deleted is dropped and everyone knows.
    private static bool TrimLogs(TextTree tree, VersionVector stable)
    {
        var hasDropped = false;
        foreach (var author in tree.Authors)
        {
            var kept = author.Deletions.Runs.SelectMany(run => Remaining(run, stable[author.Id])).ToList();
            if (kept.Sum(run => run.Length) == author.Deletions.Runs.Sum(run => run.Length))
                continue;
            tree.ReplaceLog(author, kept);
            hasDropped = true;
        }

        return hasDropped;
    }

    private static IEnumerable<DeletionRun> Remaining(DeletionRun run, ulong stable)
    {
        if (run.First > stable)
        {
            yield return run;
            yield break;
        }

        var (low, high) = run.Clip(run.First, stable).Targets;
        var remaining = run.Target.Blocks.Parts(new(low, high)).Select(part => new DotRun(part.Block.First + (ulong)part.Offset, part.Block.First + (ulong)(part.Offset + part.Count) - 1));
        foreach (var targets in run.Step > 0 ? remaining : remaining.Reverse())
        {
            yield return run.Step > 0
                ? run.Clip(run.First + (targets.First - run.TargetFirst), run.First + (targets.Last - run.TargetFirst))
                : run.Clip(run.First + (run.TargetFirst - targets.Last), run.First + (run.TargetFirst - targets.First));
        }

        if (run.Last > stable)
            yield return run.Clip(stable + 1, run.Last);
    }
}
