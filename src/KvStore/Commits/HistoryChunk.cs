namespace KvStore;

/// <summary>A run of commits in the history. One thread adds to it; any thread reads what was added, which never changes.</summary>
internal sealed class HistoryChunk
{
    /// <summary>The most commits that a chunk holds, and with that the most that are kept although they are forgotten.</summary>
    public const int CommitsMax = 256;

    // A chunk that holds as much is full, whatever the number of its commits: what is forgotten in it is not counted any more.
    private const long BytesMax = 1 << 20;

    private readonly Slot[] _slots = new Slot[CommitsMax];
    private long _bytes;
    private volatile int _count;
    private volatile HistoryChunk? _next;

    /// <summary>How many commits there are.</summary>
    public int Count => _count;

    /// <summary>Whether the next commit goes to another chunk.</summary>
    public bool IsFull => _count == CommitsMax || _bytes >= BytesMax;

    /// <summary>The chunk with the commits after those of this one; null when there is none, or this one was cut off.</summary>
    public HistoryChunk? Next => _next;

    /// <summary>The revision of a commit.</summary>
    public long RevisionAt(int index) => _slots[index].Revision;

    /// <summary>When a commit was added, in milliseconds.</summary>
    public long AddedAt(int index) => _slots[index].AddedAt;

    /// <summary>A commit.</summary>
    public Commit At(int index) => new(_slots[index].Revision, _slots[index].Only, _slots[index].All);

    /// <summary>What would be garbage if a commit were forgotten: bytes of the entries that it replaced.</summary>
    public long BytesAt(int index)
    {
        ref readonly var slot = ref _slots[index];
        if (slot.All is null)
            return slot.Only.Previous?.Bytes ?? 0;
        var bytes = 0L;
        foreach (ref readonly var change in slot.All.AsSpan())
            bytes += change.Previous?.Bytes ?? 0;
        return bytes;
    }

    /// <summary>Adds a commit to a chunk that is not full, and returns <see cref="BytesAt"/> of it.</summary>
    public long Add(Commit commit, long now)
    {
        var index = _count;
        _slots[index] = new Slot { Revision = commit.Revision, Only = commit.Only, All = commit.All, AddedAt = now };
        var bytes = BytesAt(index);
        _bytes += bytes;

        // The order matters because readers look at the count first.
        _count = index + 1;
        return bytes;
    }

    /// <summary>Puts a new chunk after this one, and returns it.</summary>
    public HistoryChunk Append() => _next = new HistoryChunk();

    /// <summary>Lets go of the chunk after this one, and returns it.</summary>
    public HistoryChunk Unlink()
    {
        var next = _next!;
        _next = null;
        return next;
    }

    private struct Slot
    {
        public long Revision;
        public EntryChange Only;
        public EntryChange[]? All;
        public long AddedAt;
    }
}
