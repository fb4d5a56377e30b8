namespace KvStore;

/// <summary>An append-only run of commits in the history. The log's thread adds and unlinks; any thread reads.</summary>
internal sealed class HistoryChunk
{
    /// <summary>The most commits of a chunk. This also bounds how many dropped commits stay in memory.</summary>
    public const int CommitsMax = 256;

    // Bounds the dropped bytes that stay in memory, as CommitsMax bounds their number: the limits of the history do not count them.
    private const long BytesMax = 1 << 20;

    private readonly Slot[] _slots = new Slot[CommitsMax];
    private long _bytes;
    private volatile int _count;
    private volatile HistoryChunk? _next;

    /// <summary>The number of commits.</summary>
    public int Count => _count;

    /// <summary>Whether the next commit goes to another chunk.</summary>
    public bool IsFull => _count == CommitsMax || _bytes >= BytesMax;

    /// <summary>The next chunk; null when there is none, or this one was unlinked.</summary>
    public HistoryChunk? Next => _next;

    /// <summary>The revision of a commit.</summary>
    public long RevisionAt(int index) => _slots[index].Revision;

    /// <summary>When a commit was added, in milliseconds since 1970-01-01 UTC.</summary>
    public long AddedAt(int index) => _slots[index].AddedAt;

    /// <summary>A new object for a commit.</summary>
    public Commit At(int index) => new(_slots[index].Revision, _slots[index].Only, _slots[index].All);

    /// <summary>The bytes that a commit keeps alive: keys and values of the entries that it replaced.</summary>
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

    /// <summary>Adds a commit to a chunk that is not full, and returns its <see cref="BytesAt"/>.</summary>
    public long Add(Commit commit, long now)
    {
        var index = _count;
        _slots[index] = new Slot { Revision = commit.Revision, Only = commit.Only, All = commit.All, AddedAt = now };
        var bytes = BytesAt(index);
        _bytes += bytes;

        // The order matters because a reader takes the count first and then reads the slots below it.
        _count = index + 1;
        return bytes;
    }

    /// <summary>Links a new chunk after this one, and returns it.</summary>
    public HistoryChunk Append() => _next = new HistoryChunk();

    /// <summary>Unlinks the next chunk, and returns it.</summary>
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
