namespace KvStore.Mergeable;

/// <summary>
/// The replicas of a value: on which day each was last seen, and what it has acknowledged. What they acknowledged is known only since the value was decoded, so after that
/// nothing is stable until each of them has acknowledged anew. Not thread-safe.
/// </summary>
internal sealed class Membership
{
    // Beyond it the acknowledgements of a value take too much memory, so nothing of it is stable until the replicas are fewer.
    private const int AcknowledgedEntriesMax = 100_000;
    private const int EpochsMax = 64;

    private readonly Dictionary<ReplicaId, long> _seenOn = [];
    private readonly Dictionary<ReplicaId, VersionVector> _acknowledged = [];
    private readonly List<EpochDay> _epochs;
    private VersionVector _noted = VersionVector.Empty;
    private int _acknowledgedEntries;

    public Membership(StoredValue stored)
    {
        _epochs = [.. stored.Epochs];
        foreach (var (replica, seenOn) in stored.Members)
            _seenOn[replica] = seenOn;
    }

    public IReadOnlyList<EpochDay> Epochs => _epochs;

    /// <summary>The members that have changed something, in ascending order, without the store itself. Of readers there may be any number.</summary>
    public IReadOnlyCollection<Member> MembersBeside(ReplicaId self) =>
        [.. _seenOn.Where(one => one.Key != self && _noted[one.Key] > 0).OrderBy(one => one.Key).Select(one => new Member(one.Key, one.Value))];

    /// <summary>About how much memory it takes.</summary>
    public long MemoryBytes => (_seenOn.Count * 50L) + (_acknowledged.Count * 150L) + (_acknowledgedEntries * 16L) + (_noted.Count * 16L);

    /// <summary>Whether a replica has been silent for too long.</summary>
    public bool HasSilent(long day, long retentionDays) => _seenOn.Values.Any(seenOn => day - seenOn > retentionDays);

    /// <summary>Notes which replicas have changed something since the last note.</summary>
    /// <param name="version">What the value includes now.</param>
    /// <param name="day">The day on which they did so at the latest.</param>
    public void Note(VersionVector version, long day)
    {
        foreach (var (replica, sequence) in version.Entries)
        {
            if (sequence > _noted[replica] || !_seenOn.ContainsKey(replica))
                _seenOn[replica] = Math.Max(day, _seenOn.GetValueOrDefault(replica));
        }

        _noted = version;
    }

    /// <summary>Notes what the value includes of which it does not say who was seen, except replicas that are not known.</summary>
    public void NoteStored(VersionVector version, long day)
    {
        foreach (var (replica, _) in version.Entries)
            _seenOn.TryAdd(replica, day);
        _noted = version;
    }

    /// <summary>Notes what a replica has. That counts only if the value includes all that the replica had done before it said so.</summary>
    public void Acknowledge(ReplicaId replica, VersionVector has, VersionVector included, long day)
    {
        _seenOn[replica] = day;
        if (has[replica] > included[replica])
            return;
        var known = has.Meet(included);
        _acknowledgedEntries += known.Count + (_acknowledged.TryGetValue(replica, out var before) ? -before.Count : 1);
        _acknowledged[replica] = known;
        if (_acknowledgedEntries <= AcknowledgedEntriesMax)
            return;
        _acknowledged.Clear();
        _acknowledgedEntries = 0;
        foreach (var reader in _seenOn.Keys.Where(id => included[id] == 0).ToArray())
            _seenOn.Remove(reader);
    }

    /// <summary>Collects the garbage of a value, by the hub.</summary>
    /// <param name="replica">The value.</param>
    /// <param name="former">The ids that the hub had before.</param>
    /// <param name="day">Today.</param>
    /// <param name="retentionDays">For how many days a replica may be silent.</param>
    /// <param name="retiredCount">How many replicas were retired.</param>
    /// <returns>Whether there was anything to collect.</returns>
    public bool TryCollect(CrdtReplica replica, IReadOnlySet<ReplicaId> former, long day, long retentionDays, out int retiredCount)
    {
        var version = replica.Version;
        Note(version, day);
        var silent = _seenOn.Where(one => one.Key != replica.Self && (former.Contains(one.Key) || day - one.Value > retentionDays)).Select(one => one.Key).ToHashSet();
        var retired = silent.Where(id => version[id] > 0).ToArray();
        var floor = _epochs.Where(epoch => day - epoch.Day > retentionDays).Select(epoch => epoch.Epoch).DefaultIfEmpty(0UL).Max();
        var hasCollected = replica.Collect(retired, FindStable(replica, version, silent), Math.Min(floor, replica.Epoch));
        var remaining = replica.Version;
        retiredCount = version.Count - remaining.Count;
        foreach (var id in silent.Where(id => remaining[id] == 0))
            Forget(id);
        if (!hasCollected)
            return false;

        _noted = remaining;
        if (_epochs is [.., var last] && (last.Day == day || _epochs.Count == EpochsMax))
            _epochs.RemoveAt(_epochs.Count - 1);
        _epochs.Add(new(replica.Epoch, day));

        // The floor itself stays: it is the one that the next is compared with.
        _epochs.RemoveAll(epoch => epoch.Epoch < floor);
        return true;
    }

    // Only a text has anything that waits for others. Each replica that may still change it has to have acknowledged, also one that never has changed it.
    private VersionVector FindStable(CrdtReplica replica, VersionVector version, HashSet<ReplicaId> silent)
    {
        if (replica.Type != CrdtType.Text)
            return VersionVector.Empty;
        var stable = version;
        foreach (var id in _seenOn.Keys.Where(id => id != replica.Self && !silent.Contains(id)))
        {
            if (!_acknowledged.TryGetValue(id, out var known))
                return VersionVector.Empty;
            stable = stable.Meet(known);
        }

        return stable;
    }

    private void Forget(ReplicaId id)
    {
        _seenOn.Remove(id);
        if (_acknowledged.Remove(id, out var known))
            _acknowledgedEntries -= known.Count + 1;
    }
}
