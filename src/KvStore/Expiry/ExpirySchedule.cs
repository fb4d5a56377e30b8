namespace KvStore;

/// <summary>
/// Which entries expire next. It follows the commits, so it holds just what the latest state holds: an entry whose lifetime is
/// renewed again and again has one place in it. Any thread may use it.
/// </summary>
/// <param name="recordsMax">The most remembered answers (<see cref="Idempotency"/>); when there are more, the oldest are due, too.</param>
internal sealed class ExpirySchedule(int recordsMax)
{
    private static readonly Comparer<Entry> ByTime = Comparer<Entry>.Create((one, other) =>
        one.ExpiresAtMilliseconds.CompareTo(other.ExpiresAtMilliseconds) is var order && order != 0 ? order : one.KeyUtf8.SequenceCompareTo(other.KeyUtf8));

    private readonly Lock _lock = new();
    private SortedSet<Entry> _entries = new(ByTime);

    // Remembered answers all live equally long, so the first to expire is the oldest.
    private SortedSet<Entry> _records = new(ByTime);

    /// <summary>How many entries are going to expire.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count + _records.Count;
        }
    }

    /// <summary>Forgets everything and starts with the entries of a snapshot.</summary>
    public void Load(Snapshot snapshot)
    {
        var expiring = snapshot.ScanAll().Where(entry => entry.ExpiresAtMilliseconds != Entry.Never).ToLookup(Idempotency.IsRecord);
        lock (_lock)
        {
            // From a collection at once, because that sorts instead of searching for each one's place.
            _entries = new SortedSet<Entry>(expiring[false], ByTime);
            _records = new SortedSet<Entry>(expiring[true], ByTime);
        }
    }

    /// <summary>Takes note of commits.</summary>
    public void Add(IReadOnlyList<Commit> commits)
    {
        for (var i = 0; i < commits.Count; i++)
        {
            foreach (ref readonly var change in commits[i].Changes)
            {
                var (leaves, comes) = (Expires(change.Previous), Expires(change.Current));
                if (leaves || comes)
                    Replace(leaves ? change.Previous : null, comes ? change.Current : null);
            }
        }
    }

    /// <summary>Adds what is due to a list, the oldest first, up to a number of entries. They stay until a commit has removed them.</summary>
    public void FindDue(long nowMilliseconds, int entriesMax, List<Entry> due)
    {
        lock (_lock)
        {
            Find(_entries, excess: 0, nowMilliseconds, entriesMax, due);
            Find(_records, _records.Count - recordsMax, nowMilliseconds, entriesMax, due);
        }
    }

    private static void Find(SortedSet<Entry> entries, int excess, long nowMilliseconds, int entriesMax, List<Entry> due)
    {
        foreach (var entry in entries)
        {
            if ((entry.ExpiresAtMilliseconds > nowMilliseconds && excess <= 0) || due.Count >= entriesMax)
                return;
            due.Add(entry);
            excess--;
        }
    }

    private static bool Expires(Entry? entry) => entry is { } present && present.ExpiresAtMilliseconds != Entry.Never;

    private void Replace(Entry? previous, Entry? current)
    {
        lock (_lock)
        {
            if (previous is { } gone)
                SetOf(gone).Remove(gone);
            if (current is { } added)
                SetOf(added).Add(added);
        }
    }

    private SortedSet<Entry> SetOf(Entry entry) => Idempotency.IsRecord(entry) ? _records : _entries;
}
