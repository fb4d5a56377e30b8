namespace KvStore;

/// <summary>
/// Counts the memory that held snapshots keep alive and the latest one does not: that of entries and index nodes that were replaced since. Any
/// thread may hold and release; the log's thread reports publications.
/// </summary>
/// <remarks>
/// <para>
/// What is replaced stays in memory as long as a snapshot is held that is as old as the replacement and as young as what was replaced. Held snapshots
/// are therefore grouped by the latest snapshot at the time, in <see cref="Epoch"/>s. Of each pair of epochs there is a number: the bytes
/// whose first epoch is the one and whose last is the other. When an epoch ends, what had only this one is free, and the rest moves to its
/// neighbours.
/// </para>
/// <para>
/// The sum is never too small. It is too large where the age of something is not known: see <see cref="SupersededBytes.AddUnvisited"/>,
/// and a snapshot that is held when it is no longer the latest.
/// </para>
/// </remarks>
internal sealed class SnapshotHolds(MemoryAccount account)
{
    private readonly Lock _lock = new();

    // Guarded by the lock. The oldest epoch first.
    private readonly List<Epoch> _epochs = [];
    private readonly Dictionary<Snapshot, HeldSnapshot> _holds = [];
    private StateAge _latest;
    private long _superseded;
    private volatile StateAge[] _ages = [];

    /// <summary>The ages of the epochs, the oldest first, for the builder of the next snapshot.</summary>
    public StateAge[] Ages => _ages;

    /// <summary>Snapshots that are held.</summary>
    public int Held
    {
        get
        {
            lock (_lock)
                return _holds.Count;
        }
    }

    /// <summary>Holds a snapshot until <see cref="Release"/>. It may be held more than once.</summary>
    public void Hold(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (_holds.TryGetValue(snapshot, out var hold))
                hold.Times++;
            else
                Add(snapshot, CurrentEpoch(), snapshot.UnsharedBytes + _superseded - snapshot.SupersededBefore);
        }
    }

    /// <summary>Holds a snapshot until what is returned is disposed of, once.</summary>
    public IDisposable Use(Snapshot snapshot)
    {
        Hold(snapshot);
        return new Usage(this, snapshot);
    }

    /// <summary>Holds a snapshot that was made from another one, which is held, by undoing.</summary>
    public void HoldOlder(Snapshot snapshot, Snapshot origin)
    {
        lock (_lock)
        {
            var from = _holds[origin];
            Add(snapshot, from.Epoch, from.OwnBytes + snapshot.UnsharedBytes - origin.UnsharedBytes);
        }
    }

    /// <summary>Ends a hold.</summary>
    public void Release(Snapshot snapshot)
    {
        lock (_lock)
        {
            var hold = _holds[snapshot];
            if (--hold.Times > 0)
                return;
            _holds.Remove(snapshot);
            account.Release(hold.OwnBytes);
            if (--hold.Epoch.Holds == 0)
                End(_epochs.IndexOf(hold.Epoch));
        }
    }

    /// <summary>Counts what a publication takes out of the latest snapshot. Before readers can take the new one.</summary>
    public void Publish(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (snapshot.Superseded is { } superseded)
                Add(superseded);
            (_latest, _superseded) = (snapshot.Age, snapshot.SupersededBefore);
        }
    }

    private void Add(Snapshot snapshot, Epoch epoch, long ownBytes)
    {
        epoch.Holds++;
        _holds.Add(snapshot, new HeldSnapshot(epoch, ownBytes) { Times = 1 });
        account.Charge(ownBytes);
    }

    private Epoch CurrentEpoch()
    {
        if (_epochs is [.., var last] && last.Age == _latest)
            return last;
        var epoch = new Epoch(_latest, _epochs.Count + 1);
        _epochs.Add(epoch);
        UpdateAges();
        return epoch;
    }

    // Epochs may have begun and ended since the builder took their ages. What begins is as old as the builder's start.
    private void Add(SupersededBytes superseded)
    {
        if (_epochs.Count == 0)
            return;
        for (var i = 0; i <= superseded.Held.Length; i++)
        {
            var age = i < superseded.Held.Length ? superseded.Held[i] : superseded.Start;
            var first = superseded[i] == 0 ? -1 : _epochs.FindIndex(epoch => epoch.Age.Revision >= age.Revision);
            if (first < 0)
                continue;
            _epochs[^1].FirstIn[first] += superseded[i];
            account.Charge(superseded[i]);
        }
    }

    private void End(int index)
    {
        var ended = _epochs[index];
        account.Release(ended.FirstIn[index]);
        for (var first = 0; first < index; first++)
            _epochs[index - 1].FirstIn[first] += ended.FirstIn[first];
        for (var last = index + 1; last < _epochs.Count; last++)
        {
            var bytes = _epochs[last].FirstIn;
            bytes[index + 1] += bytes[index];
            bytes.RemoveAt(index);
        }

        _epochs.RemoveAt(index);
        UpdateAges();
    }

    private void UpdateAges() => _ages = [.. _epochs.Select(epoch => epoch.Age)];

    private sealed class Usage(SnapshotHolds holds, Snapshot snapshot) : IDisposable
    {
        public void Dispose() => holds.Release(snapshot);
    }

    private sealed class HeldSnapshot(Epoch epoch, long ownBytes)
    {
        public Epoch Epoch => epoch;

        /// <summary>What it keeps alive beyond its epoch.</summary>
        public long OwnBytes => ownBytes;

        public int Times { get; set; }
    }

    /// <summary>The snapshots that are held since one was the latest.</summary>
    private sealed class Epoch(StateAge age, int number)
    {
        public StateAge Age => age;

        public int Holds { get; set; }

        /// <summary>The bytes that were replaced while this was the last epoch, by the first epoch that has them.</summary>
        public List<long> FirstIn { get; } = [.. new long[number]];
    }
}
