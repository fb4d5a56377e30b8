namespace KvStore.Crdt;

/// <summary>How far a replica is: which changes it has, and which collections it has followed. It decides which deltas fit.</summary>
internal sealed class Progress(ReplicaId self)
{
    private readonly SortedDictionary<ReplicaId, ulong> _seen = [];
    private SortedDictionary<ReplicaId, DroppedReplica> _dropped = [];
    private ulong _floor;

    public ulong Epoch { get; private set; }

    /// <summary>The number of changes of this replica. It is kept apart, because a keystroke must not search for it.</summary>
    public ulong Own { get; private set; }

    public Collection Collection => new(_floor, [.. _dropped.Values]);

    public VersionVector Version => new(Epoch, SeenAll());

    /// <summary>About how much memory it takes.</summary>
    public long MemoryBytes => (_seen.Count + _dropped.Count) * 100L;

    /// <summary>The number of changes of a replica that are included.</summary>
    public ulong Seen(ReplicaId replica) => replica == self ? Own : _seen.GetValueOrDefault(replica);

    public bool IsDropped(ReplicaId replica) => _dropped.Count > 0 && _dropped.ContainsKey(replica);

    /// <summary>The number of changes of a replica that are included, also of one that was dropped and not forgotten.</summary>
    public ulong ChangesOf(ReplicaId replica) => _dropped.TryGetValue(replica, out var dropped) ? dropped.Final : Seen(replica);

    /// <summary>The replicas with changes, in ascending order.</summary>
    public SortedDictionary<ReplicaId, ulong> SeenAll()
    {
        if (Own > 0)
            _seen[self] = Own;
        return _seen;
    }

    /// <summary>Whether this replica can name so many changes.</summary>
    public bool CanTake(long count) => (ulong)count <= Dot.SequenceMax - Own;

    /// <summary>Names changes of this replica.</summary>
    /// <returns>The first of them.</returns>
    public ulong Take(int count)
    {
        if (!CanTake(count))
            throw new InvalidOperationException("A replica has named all the changes it can; take a new id.");
        Own += (ulong)count;
        return Own - (ulong)count + 1;
    }

    /// <summary>Whether a delta that fits has changes or a collection that this replica lacks.</summary>
    public bool Lacks(DeltaHeader header) =>
        header.Epoch > Epoch || header.Intervals.Any(interval => interval.To > Seen(interval.Replica) && !IsDropped(interval.Replica));

    /// <summary>Notes what a delta has brought.</summary>
    /// <returns>Whether it brought anything.</returns>
    public bool Advance(DeltaHeader header)
    {
        var hasAdvanced = false;
        foreach (var (replica, _, to) in header.Intervals)
        {
            if (to <= Seen(replica) || IsDropped(replica))
                continue;
            _seen[replica] = to;
            if (replica == self)
                Own = to;
            hasAdvanced = true;
        }

        return hasAdvanced;
    }

    /// <summary>Notes that the hub drops a replica in the next epoch.</summary>
    public void Drop(ReplicaId replica)
    {
        _dropped[replica] = new(replica, _seen[replica], Epoch + 1);
        _seen.Remove(replica);
    }

    /// <summary>Begins the next epoch, if there is anything to drop or forget.</summary>
    public bool TryEndEpoch(ulong floor, bool hasDropped)
    {
        var forgotten = _dropped.Values.Where(dropped => dropped.Epoch <= floor).ToArray();
        if (!hasDropped && forgotten.Length == 0)
            return false;
        foreach (var dropped in forgotten)
            _dropped.Remove(dropped.Replica);
        _floor = Math.Max(_floor, floor);
        Epoch++;
        return true;
    }

    /// <summary>Does what the hub did in its collections.</summary>
    public void Follow(ulong epoch, Collection collection)
    {
        foreach (var dropped in collection.Dropped)
            _seen.Remove(dropped.Replica);
        _dropped = new(collection.Dropped.ToDictionary(dropped => dropped.Replica));
        _floor = collection.Floor;
        Epoch = epoch;
    }

    /// <summary>Whether replicas of an epoch are refused, because the names of what was dropped since are forgotten.</summary>
    public bool IsForgotten(ulong epoch) => epoch < _floor;

    public MergeOutcome? FindObstacleToLoad(DeltaHeader header) =>
        !header.IsState ? MergeOutcome.Gap
        : header.Collection?.Dropped.Any(dropped => dropped.Replica == self) == true ? MergeOutcome.Outdated
        : null;

    /// <summary>Finds why a delta does not fit.</summary>
    /// <param name="header">What a delta begins with.</param>
    /// <param name="isStored">Whether it was stored with the state of this replica, so that it may have changes of this one.</param>
    public MergeOutcome? FindObstacle(DeltaHeader header, bool isStored)
    {
        if (IsForgotten(header.Epoch))
            return MergeOutcome.Collected;
        if (header.Epoch > Epoch)
        {
            if (header.Collection is not { } collection)
                return MergeOutcome.Gap;
            if (collection.Floor > Epoch || collection.Dropped.Any(dropped => dropped.Replica == self || Seen(dropped.Replica) > dropped.Final))
                return MergeOutcome.Outdated;
        }

        foreach (var (replica, from, to) in header.Intervals)
        {
            if (_dropped.TryGetValue(replica, out var dropped))
            {
                if (to > dropped.Final)
                    return MergeOutcome.Collected;
            }
            else if (replica == self && to > Own && !isStored)
            {
                return MergeOutcome.Forked;
            }
            else if (from > Seen(replica))
            {
                return MergeOutcome.Gap;
            }
        }

        return null;
    }

    /// <summary>Finds why an intent cannot refer to a version.</summary>
    public IntentOutcome? FindObstacle(VersionVector version)
    {
        if (IsForgotten(version.Epoch) || _dropped.Values.Any(dropped => dropped.Epoch > version.Epoch && version[dropped.Replica] < dropped.Final))
            return IntentOutcome.Collected;
        return version.Epoch > Epoch || version.Entries.Any(entry => entry.Value > (_dropped.TryGetValue(entry.Key, out var dropped) ? dropped.Final : Seen(entry.Key)))
            ? IntentOutcome.Gap : null;
    }
}
