using System.Runtime.InteropServices;

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

    // The arrays of values that entries share, and how many of the entries are held. A thousand commits may have extended one value.
    private readonly Dictionary<byte[], int> _sharedValues = [];

    /// <summary>Charges commits for one watcher; false if that does not fit. They are released by the same commits.</summary>
    public bool TryHold(Commit[] commits)
    {
        lock (_lock)
        {
            var bytes = ObjectBytesOf(commits);
            foreach (var commit in commits)
                bytes += Add(commit);
            if (account.TryCharge(bytes))
                return true;
            foreach (var commit in commits)
                Remove(commit);
            return false;
        }
    }

    public void Release(Commit[] commits)
    {
        var bytes = ObjectBytesOf(commits);
        lock (_lock)
        {
            foreach (var commit in commits)
                bytes += Remove(commit);
        }

        account.Release(bytes);
    }

    // The bytes that are held because of it and were not before.
    private long Add(Commit commit)
    {
        if (_held.TryGetValue(commit.Revision, out var held))
        {
            _held[commit.Revision] = (held.Holders + 1, held.Bytes);
            return 0;
        }

        var bytes = EntryBytesOf(commit);
        _held.Add(commit.Revision, (1, bytes));
        foreach (ref readonly var change in commit.Changes)
            bytes += AddValue(change.Previous) + AddValue(change.Current);
        return bytes;
    }

    // The bytes that are not held without it.
    private long Remove(Commit commit)
    {
        var (holders, bytes) = _held[commit.Revision];
        if (holders > 1)
        {
            _held[commit.Revision] = (holders - 1, bytes);
            return 0;
        }

        _held.Remove(commit.Revision);
        foreach (ref readonly var change in commit.Changes)
            bytes += RemoveValue(change.Previous) + RemoveValue(change.Current);
        return bytes;
    }

    private long AddValue(Entry? entry)
    {
        if (entry?.SharedValueHolder is not { } value)
            return 0;
        ref var entries = ref CollectionsMarshal.GetValueRefOrAddDefault(_sharedValues, value, out _);
        return entries++ == 0 ? HeapSize.OfArray(value.Length) : 0;
    }

    private long RemoveValue(Entry? entry)
    {
        if (entry?.SharedValueHolder is not { } value)
            return 0;
        ref var entries = ref CollectionsMarshal.GetValueRefOrNullRef(_sharedValues, value);
        if (--entries > 0)
            return 0;
        _sharedValues.Remove(value);
        return HeapSize.OfArray(value.Length);
    }

    private static long ObjectBytesOf(Commit[] commits) => HeapSize.OfArray<nint>(commits.Length) + ((long)commits.Length * CommitBytes);

    // At most: entries that are in the latest snapshot or in the history as well take no more memory now, but may be dropped there.
    private static long EntryBytesOf(Commit commit)
    {
        var bytes = (commit.Deleted?.MemoryBytes ?? 0) + (commit.All is { } all ? HeapSize.OfArray<EntryChange>(all.Length) : 0);
        foreach (ref readonly var change in commit.Changes)
            bytes += BytesWithoutSharedValue(change.Previous) + BytesWithoutSharedValue(change.Current);
        return bytes;
    }

    private static long BytesWithoutSharedValue(Entry? entry) =>
        entry is not { } present ? 0 : present.SharedValueHolder is null ? present.HeapBytes : present.OwnHeapBytes;
}
