namespace KvStore.Crdt;

/// <summary>
/// A text as it was at a version, with the edits that are made in it: what was inserted since has no position, what was deleted since still has one. It is made
/// for one list of edits, in time by the number of blocks; each edit then takes logarithmic time.
/// </summary>
internal sealed class TextView
{
    // Copies of blocks, without what has no position and gets no children. Neighbors that are condemned are one block, whose elements have no names any more.
    private readonly BlockOrder _order = new(new Block(null, 0, 1));
    private readonly TextTree _tree;

    public TextView(TextTree tree, VersionVector version)
    {
        _tree = tree;
        var deletedSince = DeletedSince(tree, version);
        var end = _order.Start;
        for (var block = tree.Start.Next; block is not null; block = block.Next)
        {
            var last = Math.Min(block.Last, version[block.Author!.Id]);
            if (last < block.First)
                continue;
            var known = new DotRun(block.First, last);
            if (!block.IsDeleted || !deletedSince.TryGetValue(block.Author, out var runs))
            {
                end = Append(end, block, known, isVisible: !block.IsDeleted);
                continue;
            }

            foreach (var (elements, isVisible) in TextDelta.Divide(known, runs))
                end = Append(end, block, elements, isVisible);
        }
    }

    /// <summary>The number of visible elements. A made-up version can have more of them than any text.</summary>
    public long Length { get; private set; }

    /// <summary>Whether there are visible elements that are condemned.</summary>
    public bool HasCondemned { get; private set; }

    /// <summary>Whether edits insert nothing beside elements that were deleted since and are condemned: they get no children, so that place is lost. Makes the edits.</summary>
    public bool TryMake(IReadOnlyList<TextEdit> edits, int[][] inserted, Author author)
    {
        // Not the names that the elements will have, but each has another one.
        var first = Dot.SequenceMax + 1;
        for (var i = 0; i < inserted.Length; i++)
        {
            foreach (var _ in Delete(edits[i].At, edits[i].Delete))
                continue;
            if (inserted[i].Length == 0)
                continue;
            var left = MakeRoom(edits[i].At);
            if (left.IsCondemned || left.Next is { IsCondemned: true })
                return false;
            Add(left, author, first, inserted[i].Length);
            first += (ulong)inserted[i].Length;
        }

        return true;
    }

    /// <summary>Inserts elements at a position.</summary>
    /// <returns>Where they go in the tree, which is where a replica at the version would have inserted them.</returns>
    public (Block Parent, Side Side) Insert(int position, Author author, ulong first, int count)
    {
        var left = MakeRoom(position);
        var place = PlaceAfter(left);
        Add(left, author, first, count);
        return place;
    }

    /// <summary>Deletes elements at a position.</summary>
    /// <returns>Those that are not condemned; some may have been deleted since.</returns>
    public IEnumerable<(Author Author, DotRun Elements)> Delete(int position, int count)
    {
        for (var part = 0; count > 0; count -= part)
        {
            var (block, offset) = _order.Find(position);
            part = Math.Min(count, block.Length - offset);
            if (block.IsCondemned)
            {
                block.Length -= part;
                _order.Recount(block);
                continue;
            }

            if (offset > 0)
                block = Cut(block, offset);
            if (part < block.Length)
                Cut(block, part);
            block.IsDeleted = true;
            _order.Recount(block);
            yield return (block.Author!, new(block.First, block.Last));
        }
    }

    // What is before a position, cut there.
    private Block MakeRoom(int position)
    {
        if (position == 0)
            return _order.Start;
        var (left, offset) = _order.Find(position - 1);
        if (offset < left.Length - 1)
            Cut(left, offset + 1);
        return left;
    }

    private void Add(Block left, Author author, ulong first, int count)
    {
        if (left.Author == author && left.Last + 1 == first)
        {
            left.Length += count;
            _order.Recount(left);
        }
        else
        {
            _order.InsertAfter(left, new Block(author, first, count));
        }
    }

    // The next element is below the one on the left, or everything below that one was inserted since.
    private (Block Parent, Side Side) PlaceAfter(Block left)
    {
        var parent = _tree.BlockOf(left.Author, left.Last);
        if (left.Next is { } right)
        {
            var below = _tree.BlockOf(right.Author, right.First);
            if (right.First > below.First)
                return (_tree.Split(below, (int)(right.First - below.First)), Side.Left);
            if (Ancestors.OnTheLeftOf(_tree, below) == parent)
                return (below, Side.Left);
        }

        if (parent.Last > left.Last)
            _tree.Split(parent, (int)(left.Last - parent.First) + 1);
        return (parent, Side.Right);
    }

    private Block Append(Block end, Block block, DotRun elements, bool isVisible)
    {
        if (block.IsCondemned && !isVisible)
            return end;
        HasCondemned |= block.IsCondemned;
        Length += isVisible ? (long)elements.Length : 0;
        var continues = block.IsCondemned
            ? end.IsCondemned
            : end.Author == block.Author && end.Last + 1 == elements.First && !end.IsCondemned && end.IsDeleted == !isVisible;
        if (continues && (ulong)end.Length + elements.Length <= int.MaxValue)
        {
            end.Length += (int)elements.Length;
            _order.Recount(end);
            return end;
        }

        var added = new Block(block.Author, elements.First, (int)elements.Length) { IsDeleted = !isVisible, IsCondemned = block.IsCondemned };
        _order.InsertAfter(end, added);
        return added;
    }

    private Block Cut(Block block, int offset)
    {
        var rest = new Block(block.Author, block.First + (ulong)offset, block.Length - offset) { IsCondemned = block.IsCondemned };
        block.Length = offset;
        _order.InsertAfter(block, rest);
        return rest;
    }

    // What was deleted since and not before: it can have been deleted more than once.
    private static Dictionary<Author, List<DotRun>> DeletedSince(TextTree tree, VersionVector version)
    {
        var since = tree.Authors.SelectMany(author => author.Deletions.From(version[author.Id] + 1)).GroupBy(run => run.Target)
            .ToDictionary(runs => runs.Key, runs => TextDelta.Normalize([.. runs.Select(run => run.Targets)]));
        if (since.Count == 0)
            return since;

        var before = new Dictionary<Author, List<DotRun>>();
        foreach (var author in tree.Authors)
        {
            var seen = version[author.Id];
            foreach (var run in author.Deletions.Runs.TakeWhile(run => run.First <= seen))
            {
                var targets = run.Clip(run.First, seen).Targets;
                if (!since.TryGetValue(run.Target, out var runs) || !DotRun.Overlap(runs, targets))
                    continue;
                if (!before.TryGetValue(run.Target, out var list))
                    before.Add(run.Target, list = []);
                list.Add(targets);
            }
        }

        foreach (var (author, runs) in before)
        {
            TextDelta.Normalize(runs);
            since[author] = [.. since[author].SelectMany(run => TextDelta.Divide(run, runs)).Where(part => !part.IsDeleted).Select(part => part.Elements)];
        }

        return since;
    }
}
