namespace KvStore;

/// <summary>Old snapshots that readers will come back to: a small cache, bounded by number and by time since the last use. Thread-safe.</summary>
internal sealed class RetainedSnapshots(StoreOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();

    // Least recently used first.
    private readonly LinkedList<(Snapshot Snapshot, DateTimeOffset UsedAt)> _snapshots = [];

    /// <summary>Retains a snapshot; at the limit it replaces the least recently used one.</summary>
    public void Retain(Snapshot snapshot)
    {
        lock (_lock)
        {
            Take(snapshot.Revision);
            Put(snapshot);
        }
    }

    /// <summary>The retained snapshot of exactly this revision, or null. Counts as a use.</summary>
    public Snapshot? Find(long revision)
    {
        lock (_lock)
        {
            var snapshot = Take(revision);
            if (snapshot is not null)
                Put(snapshot);
            return snapshot;
        }
    }

    /// <summary>Releases all snapshots.</summary>
    public void Clear()
    {
        lock (_lock)
            _snapshots.Clear();
    }

    private void Put(Snapshot snapshot)
    {
        _snapshots.AddLast((snapshot, time.GetUtcNow()));
        Trim();
    }

    private Snapshot? Take(long revision)
    {
        Trim();
        for (var node = _snapshots.First; node is not null; node = node.Next)
        {
            if (node.Value.Snapshot.Revision != revision)
                continue;
            _snapshots.Remove(node);
            return node.Value.Snapshot;
        }

        return null;
    }

    private void Trim()
    {
        while (_snapshots.First is { Value: var oldest } &&
               (_snapshots.Count > options.KeptSnapshotsMax || time.GetUtcNow() - oldest.UsedAt > options.KeptSnapshotAgeMax))
            _snapshots.RemoveFirst();
    }
}
