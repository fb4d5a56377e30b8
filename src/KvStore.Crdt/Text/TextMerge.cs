namespace KvStore.Crdt;

/// <summary>Merges a delta into a text: first finds everything that could prevent it, so that it is merged whole or not at all.</summary>
/// <param name="tree">The text.</param>
/// <param name="delta">What to merge.</param>
/// <param name="intervals">The delta's intervals.</param>
/// <param name="seen">By interval, the changes that the text has; <see cref="ulong.MaxValue"/> for a replica that was dropped.</param>
internal sealed class TextMerge(TextTree tree, TextDelta delta, Interval[] intervals, ulong[] seen)
{
    private readonly Author?[] _authors = Array.ConvertAll(intervals, interval => tree.FindAuthor(interval.Replica));
    private readonly List<(int Author, int Index)> _insertions = [];

    /// <summary>Finds what prevents the merge, and the order of the insertions in which parents precede children.</summary>
    public MergeOutcome? FindObstacle()
    {
        for (var author = 0; author < seen.Length; author++)
        {
            foreach (var run in delta.Runs[author])
            {
                if (FindObstacle(author, run) is { } obstacle)
                    return obstacle;
            }
        }

        return TryOrder() ? null : MergeOutcome.Malformed;
    }

    public void Apply()
    {
        for (var author = 0; author < seen.Length; author++)
            _authors[author] = seen[author] == ulong.MaxValue ? null : tree.AuthorOf(intervals[author].Replica);
        foreach (var (author, index) in _insertions)
            Insert(author, delta.Runs[author][index]);
        for (var author = 0; author < seen.Length; author++)
        {
            if (seen[author] == ulong.MaxValue)
                continue;
            foreach (var run in delta.Deleted[author])
                Delete(_authors[author]!, new(run.First, Math.Min(run.Last, seen[author])));
            foreach (var run in delta.Runs[author])
            {
                if (run.IsDeletion && run.Last > seen[author])
                    tree.Log(_authors[author]!, LogEntry(run).Clip(Math.Max(run.First, seen[author] + 1), run.Last));
            }
        }
    }

    private MergeOutcome? FindObstacle(int author, TextRun run)
    {
        if (run.First <= seen[author] && seen[author] != ulong.MaxValue && TextHistory.Differs(tree, _authors, delta, author, run, seen[author]))
            return MergeOutcome.Forked;
        if (run.Last <= seen[author] || run.Kind == TextRunKind.Gap)
            return null;

        if (run.IsDeletion)
        {
            return seen[run.Reference] == ulong.MaxValue ? MergeOutcome.Collected
                : run.Targets.Last > Math.Max(seen[run.Reference], LastOf(run.Reference)) ? MergeOutcome.Malformed
                : null;
        }

        var (parent, sequence) = ParentOf(author, run);
        if (parent < 0 || sequence > seen[parent])
            return parent < 0 || IsInserted(parent, sequence) ? null : MergeOutcome.Malformed;

        // The parent was there once: it was deleted, and dropped when everyone who was live knew.
        return seen[parent] == ulong.MaxValue || _authors[parent]?.Blocks.Find(sequence) is null ? MergeOutcome.Collected : null;
    }

    // Each author's insertions stay in order. One waits while its parent's author is taken up to the parent; if that waits for an author who waits, it is a circle.
    private bool TryOrder()
    {
        var position = new int[seen.Length];
        var inserted = seen.ToArray();
        var waiting = new Stack<(int Author, ulong Goal)>();
        var isWaiting = new bool[seen.Length];
        for (var first = 0; first < seen.Length; first++)
        {
            waiting.Push((first, ulong.MaxValue));
            isWaiting[first] = true;
            while (waiting.TryPeek(out var top))
            {
                var (author, goal) = top;
                if (inserted[author] >= goal || position[author] == delta.Runs[author].Count)
                {
                    isWaiting[author] = false;
                    waiting.Pop();
                    continue;
                }

                var run = delta.Runs[author][position[author]];
                if (run.IsInsertion && run.Last > seen[author])
                {
                    var (parent, sequence) = ParentOf(author, run);
                    if (parent >= 0 && sequence > inserted[parent])
                    {
                        if (isWaiting[parent])
                            return false;
                        waiting.Push((parent, sequence));
                        isWaiting[parent] = true;
                        continue;
                    }

                    _insertions.Add((author, position[author]));
                }

                position[author]++;
                inserted[author] = Math.Max(inserted[author], run.Last);
            }
        }

        return true;
    }

    private void Insert(int author, TextRun run)
    {
        var by = _authors[author]!;
        var (parent, sequence) = ParentOf(author, run);
        var side = run.Kind == TextRunKind.InsertLeft && run.First > seen[author] ? Side.Left : Side.Right;
        var at = parent < 0 ? tree.Start : tree.BlockOf(_authors[parent], sequence);
        if (side == Side.Right && sequence != at.Last)
            tree.Split(at, (int)(sequence - at.First) + 1);
        else if (side == Side.Left && sequence != at.First)
            at = tree.Split(at, (int)(sequence - at.First));

        var content = run.Content;
        foreach (var (elements, isDeleted) in TextDelta.Divide(new(run.First, run.Last), delta.Deleted[author]))
        {
            var start = content;
            content += isDeleted ? 0 : (int)elements.Length;
            if (elements.Last <= seen[author])
                continue;
            var known = elements.First > seen[author] ? 0 : (int)(seen[author] - elements.First + 1);
            var first = elements.First + (ulong)known;
            var count = (int)elements.Length - known;
            var scalars = isDeleted ? default : delta.Scalars.AsSpan(start + known, count);
            if (!isDeleted && side == Side.Right && at.RightChildren.IsEmpty)
            {
                at = tree.Append(at, by, first, scalars);
                continue;
            }

            var block = isDeleted ? new Block(by, first, count) { IsDeleted = true } : tree.NewBlock(by, first, scalars);
            tree.Place(block, at, side);
            (at, side) = (block, Side.Right);
        }
    }

    private void Delete(Author author, DotRun run)
    {
        foreach (var (block, offset, count) in author.Blocks.Parts(run))
        {
            if (!block.IsDeleted)
                tree.Delete(block, offset, count);
        }
    }

    private DeletionRun LogEntry(TextRun run) => new()
    {
        First = run.First,
        Length = (long)run.Length,
        Target = _authors[run.Reference]!,
        TargetFirst = run.ReferenceSequence,
        Step = run.Kind == TextRunKind.DeleteUpwards ? 1 : -1,
    };

    // If the text has the first part of a run, the rest continues it. -1 is the start of the text.
    private (int Author, ulong Sequence) ParentOf(int author, TextRun run) =>
        run.First <= seen[author] ? (author, seen[author])
        : run.Kind == TextRunKind.InsertAtStart ? (-1, 0)
        : (run.Reference, run.ReferenceSequence);

    private ulong LastOf(int author) => delta.Runs[author] is [.., var last] ? last.Last : 0;

    private bool IsInserted(int author, ulong sequence)
    {
        var runs = delta.Runs[author];
        var (low, high) = (0, runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (runs[middle].Last < sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low < runs.Count && runs[low].First <= sequence && runs[low].IsInsertion;
    }
}
