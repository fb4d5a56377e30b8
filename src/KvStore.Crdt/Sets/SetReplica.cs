using System.Text.Unicode;

namespace KvStore.Crdt;

/// <summary>
/// A replica of a set of strings. An addition is a dot; a removal covers the dots that it has seen and no others, so that an addition at once
/// wins. There are no tombstones: a dot that the version includes and that has no element was removed.
/// </summary>
public sealed class SetReplica : CrdtReplica
{
    private readonly LiveDots _live = new();

    internal SetReplica(CrdtType type, ulong lineage, ReplicaId self) : base(type, lineage, self)
    {
    }

    /// <summary>The elements in ordinal order.</summary>
    public IReadOnlyCollection<string> Elements => _live.Elements;

    /// <summary>Whether an element is in the set.</summary>
    public bool Contains(string element) => _live.Of(element).Count > 0;

    /// <summary>Adds elements and removes others, in one change.</summary>
    /// <param name="add">Elements to add. One that is there is added anew, so that removals that have not seen this win no more; a set that only grows ignores it.</param>
    /// <param name="remove">Elements to remove that are not added.</param>
    /// <param name="context">What the removals have seen; null for all that this replica has.</param>
    /// <param name="delta">The change as a delta, whose size does not depend on that of the set; empty if nothing changed.</param>
    public IntentOutcome Change(IReadOnlyCollection<string> add, IReadOnlyCollection<string> remove, VersionVector? context, out byte[] delta)
    {
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(remove);
        delta = [];
        var onlyGrows = Type == CrdtType.GSet;
        if (onlyGrows && remove.Count > 0)
            return IntentOutcome.Unsupported;
        if (add.Concat(remove).Any(element => !IsValid(element)))
            return IntentOutcome.InvalidText;

        var added = add.Distinct(StringComparer.Ordinal).Where(element => !onlyGrows || !Contains(element)).ToArray();
        var dead = added.SelectMany(_live.Of).ToHashSet();
        var removed = remove.Except(added, StringComparer.Ordinal).SelectMany(_live.Of)
            .Where(dot => context is null || dot.Sequence <= context[dot.Replica]).ToArray();
        dead.UnionWith(removed);
        if (added.Length == 0 && removed.Length == 0)
            return IntentOutcome.Unchanged;
        if (!CanTakeSequences(added.Length + 1L))
            return IntentOutcome.Overflow;

        // A removal has a sequence too: otherwise the version would not say that something changed.
        var first = TakeSequences(added.Length + (removed.Length > 0 ? 1 : 0));
        foreach (var dot in dead)
            _live.Remove(dot);
        for (var i = 0; i < added.Length; i++)
            _live.Add(new Dot(Self, first + (ulong)i), added[i]);
        delta = EncodeChange(first - 1, dead);
        return IntentOutcome.Applied;
    }

    private protected override long BodyBytes => _live.MemoryBytes;

    private protected override MergeOutcome MergeBody(DeltaHeader header, ref DeltaReader reader)
    {
        if (SetBody.TryRead(header, ref reader, hasRemovals: Type == CrdtType.ORSet) is not { } body)
            return MergeOutcome.Malformed;
        if (body.Added.Any(added => _live.Of(added.Dot.Replica).TryGetValue(added.Dot.Sequence, out var element) && element != added.Element))
            return MergeOutcome.Forked;

        // A removal is a change of its replica. Only a forged delta can remove something without one, and the version would not say that the set has changed.
        if (!Lacks(header))
            return MergeOutcome.Unchanged;

        var alive = body.Added.Select(added => added.Dot).ToHashSet();

        // Against the version before this delta: what it includes is either here, or was removed.
        foreach (var (replica, from, to) in header.Intervals.Where(interval => !IsDropped(interval.Replica)))
        {
            if (from < Seen(replica))
            {
                foreach (var sequence in _live.Of(replica).Keys.Where(sequence => sequence > from && sequence <= to && !alive.Contains(new Dot(replica, sequence))).ToArray())
                    _live.Remove(new Dot(replica, sequence));
            }

            _live.Remove(replica, body.Dead[replica]);
        }

        foreach (var (dot, element) in body.Added.Where(added => added.Dot.Sequence > Seen(added.Dot.Replica) && !IsDropped(added.Dot.Replica)))
            _live.Add(dot, element);
        return MergeOutcome.Unchanged;
    }

    private protected override void WriteBody(DeltaHeader header, DeltaWriter writer) => new SetBody(
        [
            .. from interval in header.Intervals
               from dot in _live.Of(interval.Replica)
               where dot.Key > interval.From
               select (new Dot(interval.Replica, dot.Key), dot.Value),
        ],
        header.Intervals.ToDictionary(interval => interval.Replica, interval => DotRun.Complement(_live.Of(interval.Replica).Keys, interval.From)))
        .Write(header, writer, hasRemovals: Type == CrdtType.ORSet);

    // Dots that the receiver has may have been removed since, whether or not their replica changed anything.
    private protected override IEnumerable<ReplicaId> ReferredSince(VersionVector version) =>
        Type == CrdtType.ORSet ? Version.Meet(version).Entries.Select(entry => entry.Key) : [];

    private protected override IEnumerable<ReplicaId> WithoutContent(IEnumerable<ReplicaId> replicas) => replicas.Where(replica => _live.Of(replica).Count == 0);

    private protected override void Remove(IReadOnlySet<ReplicaId> replicas, bool byHub)
    {
        foreach (var dot in replicas.SelectMany(replica => _live.Of(replica).Keys.Select(sequence => new Dot(replica, sequence))).ToArray())
            _live.Remove(dot);
    }

    // The change names the dots that it removed, and not, as a delta since a version does, every dot that is gone.
    private byte[] EncodeChange(ulong from, IReadOnlyCollection<Dot> dead)
    {
        var removed = dead.ToLookup(dot => dot.Replica);
        var last = dead.Append(new Dot(Self, Seen(Self))).GroupBy(dot => dot.Replica, dot => dot.Sequence).OrderBy(group => group.Key);
        return Encode(
            [.. last.Select(group => group.Key == Self ? new Interval(Self, from, Seen(Self)) : new Interval(group.Key, group.Max(), group.Max()))],
            withCollection: false,
            (header, writer) => new SetBody(
                [.. _live.Of(Self).Where(dot => dot.Key > from).Select(dot => (new Dot(Self, dot.Key), dot.Value))],
                header.Intervals.ToDictionary(
                    interval => interval.Replica,
                    interval => removed[interval.Replica].Select(dot => dot.Sequence).Order().Select(sequence => new DotRun(sequence, sequence)).ToList()))
                .Write(header, writer, hasRemovals: Type == CrdtType.ORSet));
    }

    private static bool IsValid(string element)
    {
        var bytes = new byte[element.Length * 3];
        return Utf8.FromUtf16(element, bytes, out _, out _, replaceInvalidSequences: false) == System.Buffers.OperationStatus.Done;
    }
}
