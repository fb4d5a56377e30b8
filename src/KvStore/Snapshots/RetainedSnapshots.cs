namespace KvStore;

/// <summary>
/// Old snapshots that readers will come back to: a small cache, bounded by number, by the memory that all held snapshots keep alive, and by the
/// time since the last use. A timer releases what is not used any more. Thread-safe.
/// </summary>
internal sealed class RetainedSnapshots
{
    private readonly SnapshotHolds _holds;
    private readonly MemoryAccount _account;
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();

    // Guarded by the lock. Least recently used first.
    private readonly LinkedList<(Snapshot Snapshot, long UsedAt)> _snapshots = [];

    public RetainedSnapshots(SnapshotHolds holds, MemoryAccount account, StoreOptions options, TimeProvider time)
    {
        (_holds, _account, _options, _time) = (holds, account, options, time);
        _timer = time.CreateTimer(static retained => ((RetainedSnapshots)retained!).ReleaseUnused(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Snapshots at present.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _snapshots.Count;
        }
    }

    /// <summary>Retains a snapshot; at a limit it replaces the least recently used ones.</summary>
    public void Retain(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (NodeOf(snapshot.Revision) is { } node)
                Release(node);
            _holds.Hold(snapshot);
            _snapshots.AddLast((snapshot, _time.GetTimestamp()));
            Trim();
            Schedule();
        }
    }

    /// <summary>The retained snapshot of exactly this revision, or null. Counts as a use.</summary>
    public Snapshot? Find(long revision)
    {
        lock (_lock)
        {
            Trim();
            if (NodeOf(revision) is not { } node)
                return null;
            _snapshots.Remove(node);
            node.Value = (node.Value.Snapshot, _time.GetTimestamp());
            _snapshots.AddLast(node);
            return node.Value.Snapshot;
        }
    }

    /// <summary>Holds the snapshot from which a revision is reached by the fewest undone commits: a retained one, or the given one.</summary>
    /// <param name="revision">The revision.</param>
    /// <param name="latest">A snapshot at or after it.</param>
    public Snapshot HoldNearest(long revision, Snapshot latest)
    {
        lock (_lock)
        {
            var nearest = latest;
            foreach (var (snapshot, _) in _snapshots)
            {
                if (snapshot.Revision >= revision && snapshot.Revision < nearest.Revision)
                    nearest = snapshot;
            }

            _holds.Hold(nearest);
            return nearest;
        }
    }

    /// <summary>Releases snapshots, the oldest first, until held ones leave some memory of what they may keep alive; false when that is not enough.</summary>
    public bool TryReleaseMemory(long needed = 0)
    {
        if (HasRoom(needed))
            return true;
        lock (_lock)
        {
            while (!HasRoom(needed) && _snapshots.Count > 0)
                Release(Oldest());
        }

        return HasRoom(needed);
    }

    /// <summary>Releases all snapshots.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (_snapshots.First is { } node)
                Release(node);
        }
    }

    /// <summary>Ends the timer.</summary>
    public void Stop() => _timer.Dispose();

    private bool HasRoom(long needed) => _account.Bytes + needed <= _account.BytesMax;

    private LinkedListNode<(Snapshot Snapshot, long UsedAt)>? NodeOf(long revision)
    {
        var node = _snapshots.First;
        while (node is not null && node.Value.Snapshot.Revision != revision)
            node = node.Next;
        return node;
    }

    private LinkedListNode<(Snapshot Snapshot, long UsedAt)> Oldest()
    {
        var oldest = _snapshots.First!;
        for (var node = oldest.Next; node is not null; node = node.Next)
        {
            if (node.Value.Snapshot.Revision < oldest.Value.Snapshot.Revision)
                oldest = node;
        }

        return oldest;
    }

    private void Trim()
    {
        while (_snapshots.First is { } node && (_snapshots.Count > _options.KeptSnapshotsMax || UnusedFor(node) > _options.KeptSnapshotAgeMax))
            Release(node);
        TryReleaseMemory();
    }

    private void ReleaseUnused()
    {
        lock (_lock)
        {
            Trim();
            Schedule();
        }
    }

    // A timer that is already set comes early at worst, and then sets itself again.
    private void Schedule()
    {
        if (_snapshots.First is not { } node)
            return;
        var left = _options.KeptSnapshotAgeMax - UnusedFor(node) + TimeSpan.FromMilliseconds(1);
        _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private TimeSpan UnusedFor(LinkedListNode<(Snapshot Snapshot, long UsedAt)> node) => _time.GetElapsedTime(node.Value.UsedAt);

    private void Release(LinkedListNode<(Snapshot Snapshot, long UsedAt)> node)
    {
        _snapshots.Remove(node);
        _holds.Release(node.Value.Snapshot);
    }
}
