namespace KvStore.Crdt;

/// <summary>
/// One replica of a mergeable value. It changes by intents of its own and by deltas of others; replicas that have seen the same changes, in
/// whatever order, are equal to the byte. Not thread-safe.
/// </summary>
/// <remarks>
/// A delta has the changes of an interval of each replica, so it can be merged by every replica that has what precedes them, any number of times.
/// One replica of a lineage, the hub, decides what is collected (<see cref="Collect"/>): each collection is an epoch, which deltas carry to the others.
/// </remarks>
public abstract class CrdtReplica
{
    private readonly Progress _progress;

    private protected CrdtReplica(CrdtType type, ulong lineage, ReplicaId self)
    {
        Type = type;
        Lineage = lineage;
        Self = self;
        _progress = new Progress(self);
    }

    /// <summary>The type of the value.</summary>
    public CrdtType Type { get; }

    /// <summary>Which creation of the value this is: random, so that values created twice under one key are not merged.</summary>
    public ulong Lineage { get; }

    /// <summary>The id under which this replica changes the value.</summary>
    public ReplicaId Self { get; }

    /// <summary>How many collections this replica has seen.</summary>
    public ulong Epoch => _progress.Epoch;

    /// <summary>The changes that are included. A snapshot of its own.</summary>
    public VersionVector Version => _progress.Version;

    /// <summary>About how much memory the replica takes, within a factor of two. Known without a scan.</summary>
    public long MemoryBytes => 500 + _progress.MemoryBytes + BodyBytes;

    /// <summary>
    /// Whether this replica is the hub. It refuses deltas of a later epoch (<see cref="MergeOutcome.Collected"/>): only one that forged them, or that has seen what
    /// this replica has lost, can have them.
    /// </summary>
    public bool IsHub { get; set; }

    /// <summary>The full state, as a delta since nothing.</summary>
    public byte[] Encode() => EncodeSince(VersionVector.Empty);

    /// <summary>What a replica at a version lacks; the full state if the version has collections that this replica should follow first.</summary>
    /// <returns>The delta; null if something that the version does not include was collected, so that only the full state will do.</returns>
    public byte[]? DeltaSince(VersionVector version)
    {
        ArgumentNullException.ThrowIfNull(version);

        // The version of a later epoch does not name what was dropped, which this replica still has.
        return version.Epoch > Epoch ? Encode() : !_progress.IsForgotten(version.Epoch) && CanBringForward(version) ? EncodeSince(version) : null;
    }

    /// <summary>How many changes of a replica are included, also of one that a collection dropped; 0 if the replica is unknown, or forgotten since.</summary>
    public ulong ChangesOf(ReplicaId replica) => _progress.ChangesOf(replica);

    /// <summary>Merges a delta or a state. Any bytes may be given; those that cannot be merged leave the replica as it was.</summary>
    public MergeOutcome Merge(ReadOnlySpan<byte> delta) => Merge(delta, DeltaSource.Other);

    /// <summary>Merges a delta that was stored with the state from which this replica was loaded: it may have changes of this replica.</summary>
    public MergeOutcome MergeStored(ReadOnlySpan<byte> delta) => Merge(delta, DeltaSource.Stored);

    /// <summary>
    /// Collects garbage; for the hub alone. Replicas that are retired leave the version unless the value still has content of theirs, and what was
    /// deleted and is known to be deleted by every live replica is dropped; of a text in two collections, the second of which every live replica has to
    /// have acknowledged the first for.
    /// </summary>
    /// <param name="retired">Replicas that make no more changes, for example because they have been silent for long; not this one.</param>
    /// <param name="stable">
    /// What every replica that is not retired has acknowledged: the <see cref="VersionVector.Meet"/> of their versions. An acknowledgement counts only if the hub has
    /// all that the replica had done before it.
    /// </param>
    /// <param name="floor">The oldest epoch whose replicas may still exchange deltas. What was dropped up to it is forgotten.</param>
    /// <returns>Whether anything was dropped or forgotten, which makes a new epoch.</returns>
    public bool Collect(IReadOnlyCollection<ReplicaId> retired, VersionVector stable, ulong floor)
    {
        ArgumentNullException.ThrowIfNull(retired);
        ArgumentNullException.ThrowIfNull(stable);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(floor, Epoch);
        if (retired.Contains(Self) || !Version.Covers(stable))
            throw new ArgumentException("The hub does not retire itself, and has seen what is stable.");

        var hasDropped = DropDeleted(stable);
        var dropped = WithoutContent(retired.Where(replica => Seen(replica) > 0)).ToHashSet();
        Remove(dropped, byHub: true);
        foreach (var replica in dropped)
            _progress.Drop(replica);
        return _progress.TryEndEpoch(floor, hasDropped || dropped.Count > 0);
    }

    internal MergeOutcome Merge(ReadOnlySpan<byte> delta, DeltaSource source)
    {
        var reader = new DeltaReader(delta);
        if (DeltaHeader.TryRead(ref reader) is not { } header)
            return MergeOutcome.Malformed;
        if (header.Type != Type)
            return MergeOutcome.OtherType;
        if (header.Lineage != Lineage)
            return MergeOutcome.OtherLineage;
        if (IsHub && header.Epoch > Epoch)
            return MergeOutcome.Collected;
        if ((source == DeltaSource.State ? _progress.FindObstacleToLoad(header) : _progress.FindObstacle(header, isStored: source == DeltaSource.Stored)) is { } obstacle)
            return obstacle;

        var outcome = MergeBody(header, ref reader);
        if (outcome is MergeOutcome.Merged or MergeOutcome.Unchanged)
        {
            if (_progress.Advance(header))
                outcome = MergeOutcome.Merged;
            if (header.Epoch > Epoch)
            {
                Remove(header.Collection!.Dropped.Select(dropped => dropped.Replica).ToHashSet(), byHub: false);
                _progress.Follow(header.Epoch, header.Collection);
                outcome = MergeOutcome.Merged;
            }
        }

        return outcome;
    }

    /// <summary>About how much memory the value takes.</summary>
    private protected abstract long BodyBytes { get; }

    /// <summary>Merges the rest of a delta whose intervals fit, or leaves everything as it was.</summary>
    private protected abstract MergeOutcome MergeBody(DeltaHeader header, ref DeltaReader reader);

    /// <summary>Writes the rest of a delta.</summary>
    private protected abstract void WriteBody(DeltaHeader header, DeltaWriter writer);

    /// <summary>Those of some replicas that the hub can drop: the value has nothing any more that bears their names.</summary>
    private protected abstract IEnumerable<ReplicaId> WithoutContent(IEnumerable<ReplicaId> replicas);

    /// <summary>Removes what is left of replicas that the hub, which may be this replica, drops.</summary>
    private protected abstract void Remove(IReadOnlySet<ReplicaId> replicas, bool byHub);

    /// <summary>The replicas that a delta since a version names besides those with changes.</summary>
    private protected virtual IEnumerable<ReplicaId> ReferredSince(VersionVector version) => [];

    /// <summary>Whether a delta since a version can say everything that the version lacks.</summary>
    private protected virtual bool CanBringForward(VersionVector version) => true;

    /// <summary>Drops what a stable version knows to be deleted.</summary>
    private protected virtual bool DropDeleted(VersionVector stable) => false;

    /// <summary>The number of changes of a replica that are included.</summary>
    private protected ulong Seen(ReplicaId replica) => _progress.Seen(replica);

    private protected bool IsDropped(ReplicaId replica) => _progress.IsDropped(replica);

    /// <summary>Whether a delta that fits has anything that this replica lacks.</summary>
    private protected bool Lacks(DeltaHeader header) => _progress.Lacks(header);

    /// <summary>Whether this replica can name so many changes.</summary>
    private protected bool CanTakeSequences(long count) => _progress.CanTake(count);

    /// <summary>Names changes of this replica.</summary>
    /// <returns>The first of them.</returns>
    private protected ulong TakeSequences(int count) => _progress.Take(count);

    /// <summary>Finds why an intent cannot refer to a version.</summary>
    private protected IntentOutcome? FindObstacle(VersionVector version) =>
        _progress.FindObstacle(version) ?? (CanBringForward(version) ? null : IntentOutcome.Collected);

    /// <summary>Encodes the changes of this replica after one of them: as the delta since the version before them does, but without a scan of every replica.</summary>
    /// <param name="from">The last change before them.</param>
    /// <param name="referred">The replicas that they refer to, in any order.</param>
    private protected byte[] EncodeOwn(ulong from, List<ReplicaId> referred)
    {
        referred.Add(Self);
        referred.Sort();
        var intervals = new List<Interval>(referred.Count);
        foreach (var replica in referred)
        {
            if (intervals.Count == 0 || intervals[^1].Replica != replica)
                intervals.Add(new Interval(replica, replica == Self ? from : Seen(replica), Seen(replica)));
        }

        return Encode([.. intervals], withCollection: false, WriteBody);
    }

    private protected byte[] Encode(Interval[] intervals, bool withCollection, Action<DeltaHeader, DeltaWriter> writeBody)
    {
        var header = new DeltaHeader(Type, Lineage, Epoch, withCollection ? _progress.Collection : null, intervals);
        var writer = new DeltaWriter();
        header.Write(writer);
        writeBody(header, writer);
        return writer.Written.ToArray();
    }

    private byte[] EncodeSince(VersionVector version)
    {
        var referred = ReferredSince(version).ToHashSet();
        var intervals =
            from entry in _progress.SeenAll()
            let sequence = version[entry.Key]
            where entry.Value > sequence || referred.Contains(entry.Key)
            select new Interval(entry.Key, Math.Min(sequence, entry.Value), entry.Value);
        return Encode([.. intervals], withCollection: version.Epoch < Epoch, WriteBody);
    }
}
