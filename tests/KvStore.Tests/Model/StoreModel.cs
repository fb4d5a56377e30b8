using System.Text;

namespace KvStore.Tests;

/// <summary>What the model knows of an entry.</summary>
internal sealed record ModelEntry(string Value, string ContentType, long Created, long Revision, long Version, DateTimeOffset Modified, DateTimeOffset? Expires);

/// <summary>What a write gives an entry.</summary>
internal sealed record ModelValue(string Value, string ContentType, DateTimeOffset? Expires);

/// <summary>
/// What a store must be, written down as plainly as possible: a whole copy of the state for every revision. It takes from
/// the store only which revisions there were.
/// </summary>
internal sealed class StoreModel(StoreOptions options, FakeTimeProvider time, long firstRevision)
{
    /// <summary>The most entries that a deletion by prefix removes.</summary>
    public const int DeletedEntriesMax = 6;

    /// <summary>What every append stores.</summary>
    public static readonly ModelValue AppendedValue = new("appended", "text/plain", null);

    private static readonly IComparer<string> ByBytes =
        Comparer<string>.Create((left, right) => Some.Bytes(left).AsSpan().SequenceCompareTo(Some.Bytes(right)));

    private readonly SortedDictionary<long, SortedDictionary<string, ModelEntry>> _states =
        new() { [firstRevision] = new SortedDictionary<string, ModelEntry>(ByBytes) };

    // The remembered commits, and the kept snapshots with the least recently used first.
    private readonly List<(long Revision, int Changes, long RetainedBytes, DateTimeOffset At)> _history = [];
    private readonly List<(long Revision, DateTimeOffset UsedAt)> _kept = [];

    // What changes of changes that depend on what they meet make of it; null for nothing.
    private readonly Dictionary<Operation, Func<ModelEntry?, ModelValue?>> _meanings = [];

    public SortedDictionary<string, ModelEntry> Latest { get; private set; } = new(ByBytes);

    public long LatestRevision { get; private set; } = firstRevision;

    public long OldestRevision { get; private set; } = firstRevision;

    public static long BytesOf(string key, ModelEntry entry) => Some.Bytes(key).Length + Some.Bytes(entry.Value).Length;

    /// <summary>The store's own records, which no read shows.</summary>
    public Dictionary<Key, Entry> Records { get; } = [];

    public bool Holds(Guard guard)
    {
        if (Records.TryGetValue(guard.Key, out var record) || !KeyRange.IsUserKey(guard.Key.Utf8))
            return guard.Passes(record == default ? null : record);
        var entry = Latest.GetValueOrDefault(guard.Key.ToString());
        return guard.Kind switch
        {
            GuardKind.Exists => entry is not null,
            GuardKind.Absent => entry is null,
            GuardKind.RevisionIn => entry is not null && guard.Revisions.Any(revision => revision == entry.Revision),
            _ => entry is null || guard.Revisions.All(revision => revision != entry.Revision),
        };
    }

    /// <summary>Says what a modification does to the entry that it meets.</summary>
    public T Means<T>(T change, Func<ModelEntry?, ModelValue?> meaning)
        where T : Operation
    {
        _meanings.Add(change, meaning);
        return change;
    }

    /// <summary>Why the operation cannot be done although its guards hold, or null.</summary>
    public RejectionReason? RefusalOf(Transaction transaction)
    {
        foreach (var operation in transaction.Operations)
        {
            if (operation is Increment && Latest.GetValueOrDefault(operation.Key.ToString()) is { } entry && !long.TryParse(entry.Value, out _))
                return RejectionReason.NotANumber;
            if (operation is DeletePrefix && KeysBelow(operation.Key).Count > DeletedEntriesMax)
                return RejectionReason.TooMany;
        }

        return null;
    }

    /// <summary>Carries out an operation that the store committed at this revision; returns the keys that it changed.</summary>
    public List<string> Commit(Transaction transaction, long revision, Commit? commit)
    {
        var before = new Dictionary<string, ModelEntry>(Latest);
        List<string> changed = [.. transaction.Operations.SelectMany(operation => Carry(operation, before, revision))];
        EntryChange[] changes = [.. commit is null ? [] : commit.Changes, .. transaction.Records.Select(record => Record(record, revision)).Where(change => change != default)];
        if (changed.Count > 0 || changes.Length > 0)
            Remember(revision, changes.Length, EntryChange.RetainedBytesOf(changes) + (commit?.Deleted?.MemoryBytes ?? 0));
        return changed;
    }

    private EntryChange Record(Operation operation, long revision)
    {
        Entry? previous = Records.Remove(operation.Key, out var found) ? found : null;
        if (operation is not Put put)
            return previous is null ? default : new EntryChange(previous, null);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return new EntryChange(previous, Records[put.Key] = Entry.Create(put.Key, put.Value, "", previous?.CreatedRevision ?? revision, revision, (previous?.Version ?? 0) + 1, now));
    }

    /// <summary>Forgets what the options say, once per batch because the store publishes once per batch.</summary>
    public void Forget()
    {
        while (_history.Count > 0 &&
               (_history.Count > options.HistoryCommitsMax ||
                _history.Sum(commit => commit.RetainedBytes + (commit.Changes > 1 ? HeapSize.OfArray<EntryChange>(commit.Changes) : 0)) > options.HistoryBytesMax ||
                _history[^1].At - _history[0].At > options.HistoryAgeMax))
        {
            OldestRevision = _history[0].Revision;
            _history.RemoveAt(0);
        }
    }

    /// <summary>What a read at a revision must see, or null when it must be refused.</summary>
    public SortedDictionary<string, ModelEntry>? ReadAt(long revision)
    {
        if (revision > LatestRevision)
            return null;
        if (revision < LatestRevision)
        {
            DropKept();
            if (_kept.RemoveAll(kept => kept.Revision == revision) == 0 && revision < OldestRevision)
                return null;
            PutKept(revision);
        }

        return _states.Last(state => state.Key <= revision).Value;
    }

    public void Keep(long revision)
    {
        DropKept();
        _kept.RemoveAll(kept => kept.Revision == revision);
        PutKept(revision);
    }

    private List<string> Carry(Operation operation, Dictionary<string, ModelEntry> before, long revision)
    {
        var key = operation.Key.ToString();
        var previous = before.GetValueOrDefault(key);
        return operation switch
        {
            Put put => Set(key, new ModelValue(Encoding.UTF8.GetString(put.Value.Span), put.ContentType, put.ExpiresAt)),
            Get => [],
            Append => Set($"{key}{revision:D19}", AppendedValue),
            ReadModifyWrite or SetExpiry => _meanings[operation](previous) is { } value ? Set(key, value) : [],
            Move move when previous is not null => [.. Remove(key), .. Set(move.To.ToString(), new ModelValue(previous.Value, previous.ContentType, previous.Expires))],
            DeletePrefix => [.. KeysBelow(operation.Key).SelectMany(Remove)],
            _ => Remove(key),
        };

        List<string> Remove(string removed) => Latest.Remove(removed) ? [removed] : [];

        List<string> Set(string set, ModelValue value)
        {
            var replaced = before.GetValueOrDefault(set);
            Latest[set] = new ModelEntry(value.Value, value.ContentType, replaced?.Created ?? revision, revision, (replaced?.Version ?? 0) + 1, time.GetUtcNow(), value.Expires);
            return [set];
        }
    }

    private List<string> KeysBelow(Key prefix) => [.. Latest.Keys.Where(key => key.StartsWith(prefix.ToString(), StringComparison.Ordinal))];

    private void Remember(long revision, int changes, long retainedBytes)
    {
        // Operations that share a revision are one commit.
        if (revision == LatestRevision)
            _history[^1] = _history[^1] with { Changes = _history[^1].Changes + changes, RetainedBytes = _history[^1].RetainedBytes + retainedBytes };
        else
            _history.Add((revision, changes, retainedBytes, time.GetUtcNow()));
        LatestRevision = revision;
        _states[revision] = new SortedDictionary<string, ModelEntry>(Latest, ByBytes);
    }

    private void PutKept(long revision)
    {
        _kept.Add((revision, time.GetUtcNow()));
        DropKept();
    }

    private void DropKept()
    {
        while (_kept.Count > 0 && (_kept.Count > options.KeptSnapshotsMax || time.GetUtcNow() - _kept[0].UsedAt > options.KeptSnapshotAgeMax))
            _kept.RemoveAt(0);
    }
}
