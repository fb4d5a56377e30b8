using System.Text;

namespace KvStore.Crdt;

/// <summary>
/// A replica of a text. Positions and counts are in Unicode scalars. An edit costs logarithmic time; what it is as a delta is
/// <see cref="CrdtReplica.DeltaSince"/> the version before it.
/// </summary>
public sealed class TextReplica : CrdtReplica
{
    // Deletions of one element by many authors become short where others between are dropped. The hub rather keeps what would become many times as much; the
    // bound of those that follow it is higher, because they may have more.
    private const int CollectCostMax = 8;
    private const int FollowCostMax = 64;

    private TextTree _tree = new();
    private Author _self;
    private TextCollection _collected = TextCollection.None;

    internal TextReplica(ulong lineage, ReplicaId self) : base(CrdtType.Text, lineage, self) => _self = _tree.AuthorOf(self);

    internal TextTree Tree => _tree;

    /// <summary>The number of Unicode scalars.</summary>
    public int Length => _tree.Order.Count;

    /// <summary>The text. Takes time by its length.</summary>
    public string GetText()
    {
        var text = new StringBuilder(Length);
        for (var block = _tree.Start.Next; block is not null; block = block.Next)
        {
            if (!block.IsDeleted)
                Scalars.AppendTo(text, _tree.Scalars.Of(block));
        }

        return text.ToString();
    }

    /// <summary>Inserts text at a position.</summary>
    public IntentOutcome Insert(int position, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (position < 0 || position > Length)
            return IntentOutcome.OutOfRange;
        if (text.Length == 0)
            return IntentOutcome.Unchanged;
        if (!CanTakeSequences(text.Length))
            return IntentOutcome.Overflow;

        // A keystroke allocates nothing.
        if (text.Length == 1 && !char.IsSurrogate(text[0]))
        {
            _tree.InsertAt(position, _self, TakeSequences(1), [text[0]]);
            return IntentOutcome.Applied;
        }

        if (Scalars.TryDecode(text) is not { } scalars)
            return IntentOutcome.InvalidText;
        _tree.InsertAt(position, _self, TakeSequences(scalars.Length), scalars);
        return IntentOutcome.Applied;
    }

    /// <summary>Deletes text at a position.</summary>
    public IntentOutcome Delete(int position, int count)
    {
        if (position < 0 || count < 0 || position > Length - count)
            return IntentOutcome.OutOfRange;
        if (count == 0)
            return IntentOutcome.Unchanged;
        if (!CanTakeSequences(count))
            return IntentOutcome.Overflow;

        var first = TakeSequences(count);
        while (count > 0)
        {
            var (block, offset) = _tree.Order.Find(position);
            var part = Math.Min(count, block.Length - offset);
            Delete(block, offset, part, first);
            first += (ulong)part;
            count -= part;
        }

        return IntentOutcome.Applied;
    }

    /// <summary>Makes several edits, or none of them.</summary>
    /// <param name="edits">The edits, in their order: each position is one in the text that the edits before it left.</param>
    /// <param name="baseVersion">
    /// The version whose text the positions are in; null for the present one. What others inserted since has no position, and what they deleted since still has
    /// one. Takes time by the number of blocks if it is not the present one.
    /// </param>
    /// <param name="delta">The edits as a delta; empty if nothing changed.</param>
    public IntentOutcome Edit(IReadOnlyList<TextEdit> edits, VersionVector? baseVersion, out byte[] delta)
    {
        ArgumentNullException.ThrowIfNull(edits);
        delta = [];
        if (baseVersion is not null && FindObstacle(baseVersion) is { } obstacle)
            return obstacle;
        var view = baseVersion is null || baseVersion.Equals(Version) ? null : new TextView(_tree, baseVersion);
        if (Scalars.FindFault(edits, view?.Length ?? Length, out var inserted) is { } fault)
            return fault;
        if (!CanTakeSequences(inserted.Sum(scalars => (long)scalars.Length) + edits.Sum(edit => (long)edit.Delete)))
            return IntentOutcome.Overflow;
        if (view is { HasCondemned: true } && !new TextView(_tree, baseVersion!).TryMake(edits, inserted, _self))
            return IntentOutcome.Collected;

        var before = Seen(Self);
        for (var i = 0; i < inserted.Length; i++)
        {
            var (at, _, deleted) = edits[i];
            if (view is null)
                Delete(at, deleted);
            else
                Delete(view.Delete(at, deleted));
            if (inserted[i].Length == 0)
                continue;
            var first = TakeSequences(inserted[i].Length);
            if (view is null)
                _tree.InsertAt(at, _self, first, inserted[i]);
            else
                Insert(view.Insert(at, _self, first, inserted[i].Length), first, inserted[i]);
        }

        if (Seen(Self) == before)
            return IntentOutcome.Unchanged;
        delta = EncodeOwn(before, TextDeltaWriter.ReferredSince(_self, before));
        return IntentOutcome.Applied;
    }

    /// <summary>Repeats what was done under another id, as changes of this replica, at the places where they were made.</summary>
    /// <param name="other">A replica with these changes. If it is of another lineage, they come first.</param>
    /// <param name="id">The other id.</param>
    /// <param name="after">The number of its changes that are not repeated.</param>
    public void Repeat(TextReplica other, ReplicaId id, ulong after)
    {
        ArgumentNullException.ThrowIfNull(other);
        var author = other._tree.AuthorOf(id);
        var places = new TextPlaces(_tree, author, after, isSameText: other.Lineage == Lineage);
        Delete(places.Find(author.Deletions.From(after + 1)));
        foreach (var scalars in places.Insertions(other._tree))
            _tree.InsertAt(places.Position, _self, TakeSequences(scalars.Length), scalars);
    }

    private protected override long BodyBytes => _tree.MemoryBytes;

    private protected override MergeOutcome MergeBody(DeltaHeader header, ref DeltaReader reader)
    {
        if (TextDelta.TryRead(header, ref reader) is not { } delta)
            return MergeOutcome.Malformed;

        if (header.Epoch <= Epoch)
            return Merge(header, delta, _tree);

        // What the hub dropped is in no delta, so a replica that follows its collection must have seen that it was deleted.
        var newlyDropped = header.Collection!.Dropped.Where(dropped => dropped.Epoch > Epoch).ToArray();
        if (Version.Count > 0 && (!Version.Covers(delta.Collected.Dropped) || newlyDropped.Any(dropped => Seen(dropped.Replica) < dropped.Final)))
            return MergeOutcome.Outdated;

        // On a copy, because only the result shows whether something refers to what was dropped.
        var copy = new TextReplica(Lineage, Self);
        copy.Merge(Encode(), DeltaSource.State);
        var outcome = Merge(header, delta, copy._tree);
        if (outcome != MergeOutcome.Unchanged)
            return outcome;
        if (copy.WithoutContent(newlyDropped.Select(dropped => dropped.Replica)).Count() < newlyDropped.Length)
            return MergeOutcome.Outdated;
        (_tree, _self, _collected) = (copy._tree, copy._self, delta.Collected);
        return outcome;
    }

    private MergeOutcome Merge(DeltaHeader header, TextDelta delta, TextTree tree)
    {
        var seen = Array.ConvertAll(header.Intervals, interval => IsDropped(interval.Replica) ? ulong.MaxValue : Seen(interval.Replica));
        var merge = new TextMerge(tree, delta, header.Intervals, seen);
        if (merge.FindObstacle() is { } obstacle)
            return obstacle;
        merge.Apply();
        if (header.Epoch > Epoch)
        {
            // The hub drops a replica only when everything that it deleted is stable.
            var dropped = header.Collection!.Dropped.Select(dropped => KeyValuePair.Create(dropped.Replica, dropped.Final));
            var stable = delta.Collected.Dropped.Join(new(0, dropped));
            if (TextCollector.Parts(tree, stable) > FollowCostMax * tree.Parts)
                return MergeOutcome.Malformed;
            TextCollector.DropDeleted(tree, stable);
            TextCollector.Condemn(tree, delta.Collected.Condemned);
        }

        return MergeOutcome.Unchanged;
    }

    private protected override void WriteBody(DeltaHeader header, DeltaWriter writer) => TextDeltaWriter.Write(_tree, header, _collected, writer);

    private protected override IEnumerable<ReplicaId> ReferredSince(VersionVector version) =>
        from author in _tree.Authors
        where Seen(author.Id) > version[author.Id]
        from referred in TextDeltaWriter.ReferredSince(author, version[author.Id])
        select referred;

    private protected override bool CanBringForward(VersionVector version) => version.Covers(_collected.Dropped);

    private protected override bool DropDeleted(VersionVector stable)
    {
        var (dropped, condemned) = (_collected.Dropped, _collected.Condemned);
        var hasDropped = stable.Epoch >= condemned.Epoch && TextCollector.Parts(_tree, condemned) <= CollectCostMax * _tree.Parts && TextCollector.DropDeleted(_tree, condemned);
        if (hasDropped)
            dropped = condemned;
        var joined = condemned.Join(stable);
        var hasCondemned = TextCollector.Condemn(_tree, joined);
        if (hasCondemned)
            condemned = new(Epoch + 1, joined.Entries);
        _collected = new(dropped, condemned);
        return hasDropped || hasCondemned;
    }

    private protected override IEnumerable<ReplicaId> WithoutContent(IEnumerable<ReplicaId> replicas)
    {
        var targets = _tree.Authors.SelectMany(author => author.Deletions.Runs, (_, run) => run.Target).ToHashSet();
        return replicas.Where(replica =>
            _tree.FindAuthor(replica) is not { } author || (author.Blocks.IsEmpty && author.Deletions.Runs.Count == 0 && !targets.Contains(author)));
    }

    private protected override void Remove(IReadOnlySet<ReplicaId> replicas, bool byHub)
    {
        _collected = _collected.Without(replicas);
        foreach (var replica in replicas)
            _tree.RemoveAuthor(replica);
    }

    private void Insert((Block Parent, Side Side) place, ulong first, int[] scalars) => _tree.Insert(place.Parent, place.Side, _self, first, scalars);

    // What others have deleted already stays as it is.
    private void Delete(IEnumerable<(Author Author, DotRun Elements)> parts)
    {
        foreach (var (block, offset, count) in parts.SelectMany(part => part.Author.Blocks.Parts(part.Elements)))
        {
            if (!block.IsDeleted)
                Delete(block, offset, count, TakeSequences(count));
        }
    }

    private void Delete(Block block, int offset, int count, ulong sequence)
    {
        _tree.Log(_self, new DeletionRun { First = sequence, Length = count, Target = block.Author!, TargetFirst = block.First + (ulong)offset, Step = 1 });
        _tree.Delete(block, offset, count);
    }
}
