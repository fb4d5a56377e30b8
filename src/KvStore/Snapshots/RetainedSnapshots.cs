namespace KvStore;

/// <summary>Old snapshots that readers come back to, few and not for long. Any thread may use it.</summary>
internal sealed class RetainedSnapshots(StoreOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();

    // Least recently used first.
    private readonly LinkedList<(Snapshot Snapshot, DateTimeOffset UsedAt)> _kept = [];

    /// <summary>Keeps a snapshot; one that was not used for longest may have to go for it.</summary>
    public void Retain(Snapshot snapshot)
    {
        lock (_lock)
        {
            Take(snapshot.Revision);
            Put(snapshot);
        }
    }

    /// <summary>The snapshot of exactly this revision, or null.</summary>
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

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        lock (_lock)
            _kept.Clear();
    }

    private void Put(Snapshot snapshot)
    {
        _kept.AddLast((snapshot, time.GetUtcNow()));
        Trim();
    }

    private Snapshot? Take(long revision)
    {
        Trim();
        for (var node = _kept.First; node is not null; node = node.Next)
        {
            if (node.Value.Snapshot.Revision != revision)
                continue;
            _kept.Remove(node);
            return node.Value.Snapshot;
        }

        return null;
    }

    private void Trim()
    {
        while (_kept.First is { Value: var oldest } &&
               (_kept.Count > options.KeptSnapshotsMax || time.GetUtcNow() - oldest.UsedAt > options.KeptSnapshotAgeMax))
            _kept.RemoveFirst();
    }
}
