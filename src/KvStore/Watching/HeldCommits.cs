namespace KvStore;

/// <summary>
/// Commits that watchers hold while they wait for their clients. The history may drop them meanwhile, so they are charged: what they refer to once,
/// however many watchers hold it. Thread-safe.
/// </summary>
internal sealed class HeldCommits(MemoryAccount account)
{
    // The revision, the reference to the only change or the array, and what was deleted by prefix.
    private const int CommitBytes = HeapSize.Object + (5 * HeapSize.Reference);

    private readonly Lock _lock = new();

    // Guarded by the lock, by revision: each reader of the history gets commit objects of its own.
    private readonly Dictionary<long, (int Holders, long Bytes)> _held = [];

    /// <summary>Charges commits for one watcher; false if that does not fit. They are released by the same commits.</summary>
    public bool TryHold(Commit[] commits)
    {
        lock (_lock)
        {
            var bytes = ObjectBytesOf(commits);
            foreach (var commit in commits)
                bytes += _held.ContainsKey(commit.Revision) ? 0 : EntryBytesOf(commit);
            if (!account.TryCharge(bytes))
                return false;

            foreach (var commit in commits)
            {
                var (holders, held) = _held.TryGetValue(commit.Revision, out var found) ? found : (0, EntryBytesOf(commit));
                _held[commit.Revision] = (holders + 1, held);
            }
        }

        return true;
    }

    public void Release(Commit[] commits)
    {
        var bytes = ObjectBytesOf(commits);
        lock (_lock)
        {
            foreach (var commit in commits)
            {
                var (holders, held) = _held[commit.Revision];
                if (holders > 1)
                {
                    _held[commit.Revision] = (holders - 1, held);
                    continue;
                }

                _held.Remove(commit.Revision);
                bytes += held;
            }
        }

        account.Release(bytes);
    }

    private static long ObjectBytesOf(Commit[] commits) => HeapSize.OfArray<nint>(commits.Length) + ((long)commits.Length * CommitBytes);

    // At most: entries that are in the latest snapshot or in the history as well take no more memory now, but may be dropped there.
    private static long EntryBytesOf(Commit commit)
    {
        var bytes = (commit.Deleted?.MemoryBytes ?? 0) + (commit.All is { } all ? HeapSize.OfArray<EntryChange>(all.Length) : 0);
        foreach (ref readonly var change in commit.Changes)
            bytes += (change.Previous?.HeapBytes ?? 0) + (change.Current?.HeapBytes ?? 0);
        return bytes;
    }
}
