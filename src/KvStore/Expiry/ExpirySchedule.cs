namespace KvStore;

/// <summary>
/// The entries of the latest state that expire, by time. It follows the commits, so an entry whose expiry is renewed again and again
/// has one place in it. What a commit deletes by prefix leaves later, a few entries at a time. Thread-safe.
/// </summary>
/// <param name="records">The account of idempotency records (<see cref="Idempotency"/>); when it is nearly full, the oldest are due early.</param>
internal sealed class ExpirySchedule(MemoryAccount records)
{
    // The rest is for the records that come before the next sweep.
    private const int RecordsPercent = 90;

    private static readonly Comparer<Entry> ByTime = Comparer<Entry>.Create((one, other) =>
        one.ExpiresAtMilliseconds.CompareTo(other.ExpiresAtMilliseconds) is var order && order != 0 ? order : one.KeyUtf8.SequenceCompareTo(other.KeyUtf8));

    private readonly Lock _lock = new();
    private SortedSet<Entry> _entries = new(ByTime);

    // Deleted by prefix, and perhaps still here.
    private readonly Queue<IEnumerator<Entry>> _deleted = [];

    // All records have the same time to live, so the first to expire is the oldest.
    private SortedSet<Entry> _records = new(ByTime);

    /// <summary>The number of entries that expire, with idempotency records, and with deleted ones for which <see cref="Purge"/> is due.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count + _records.Count;
        }
    }

    /// <summary>Replaces the content by the entries of a snapshot.</summary>
    public void Load(Snapshot snapshot)
    {
        var expiring = snapshot.ScanAll().Where(entry => entry.ExpiresAtMilliseconds != Entry.Never).ToLookup(Idempotency.IsRecord);
        lock (_lock)
        {
            // Built from a collection because that sorts once, instead of searching a place for each.
            _entries = new SortedSet<Entry>(expiring[false], ByTime);
            _records = new SortedSet<Entry>(expiring[true], ByTime);
            _deleted.Clear();
        }
    }

    /// <summary>Follows commits.</summary>
    public void Add(IReadOnlyList<Commit> commits)
    {
        for (var i = 0; i < commits.Count; i++)
        {
            foreach (ref readonly var change in commits[i].Changes)
            {
                var (removes, adds) = (Expires(change.Previous), Expires(change.Current));
                if (removes || adds)
                    Replace(removes ? change.Previous : null, adds ? change.Current : null);
            }

            if (commits[i].Deleted is { } deleted)
            {
                lock (_lock)
                    _deleted.Enqueue(deleted.Scan(default).GetEnumerator());
            }
        }
    }

    /// <summary>Removes entries that a commit deleted by prefix, at most <paramref name="entriesMax"/> of them.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Purge(int entriesMax)
    {
        lock (_lock)
        {
            for (var visited = 0; visited < entriesMax && _deleted.TryPeek(out var deleted); visited++)
            {
                if (!deleted.MoveNext())
                    _deleted.Dequeue();
                else if (Expires(deleted.Current) && SetOf(deleted.Current) is var set && set.TryGetValue(deleted.Current, out var found) && found == deleted.Current)
                    set.Remove(found);
            }

            return _deleted.Count > 0;
        }
    }

    /// <summary>Adds due entries to a list, first expired first, until the list has <paramref name="entriesMax"/>. They stay here until a commit deletes them.</summary>
    public void FindDue(long nowMilliseconds, int entriesMax, List<Entry> due)
    {
        lock (_lock)
        {
            Find(_entries, excessBytes: 0, nowMilliseconds, entriesMax, due);
            Find(_records, records.Bytes - (records.BytesMax / 100 * RecordsPercent), nowMilliseconds, entriesMax, due);
        }
    }

    private static void Find(SortedSet<Entry> entries, long excessBytes, long nowMilliseconds, int entriesMax, List<Entry> due)
    {
        foreach (var entry in entries)
        {
            if ((entry.ExpiresAtMilliseconds > nowMilliseconds && excessBytes <= 0) || due.Count >= entriesMax)
                return;
            due.Add(entry);
            excessBytes -= entry.MemoryBytes;
        }
    }

    private static bool Expires(Entry? entry) => entry is { } present && present.ExpiresAtMilliseconds != Entry.Never;

    private void Replace(Entry? previous, Entry? current)
    {
        lock (_lock)
        {
            if (previous is { } gone)
                SetOf(gone).Remove(gone);
            if (current is not { } added || SetOf(added) is var set && set.Add(added))
                return;

            // A deleted entry of the same key and time, which is not purged yet: to the set, the two are equal.
            set.Remove(added);
            set.Add(added);
        }
    }

    private SortedSet<Entry> SetOf(Entry entry) => Idempotency.IsRecord(entry) ? _records : _entries;
}
