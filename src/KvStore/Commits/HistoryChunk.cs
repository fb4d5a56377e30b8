namespace KvStore;

/// <summary>An append-only run of commits in the history. The log's thread adds and unlinks; any thread reads.</summary>
internal sealed class HistoryChunk
{
    /// <summary>The most commits of a chunk. This also bounds how many dropped commits stay in memory.</summary>
    public const int CommitsMax = 256;

    // Bounds the bytes of dropped commits that stay in memory, as CommitsMax bounds their number.
    private const long BytesMax = 256 << 10;

    /// <summary>The bytes of memory of a chunk without commits: the object, and the array of its slots.</summary>
    public static readonly long EmptyBytes = 48 + HeapSize.OfArray<Slot>(CommitsMax);

    private readonly Slot[] _slots = new Slot[CommitsMax];
    private long _bytes = EmptyBytes;
    private volatile int _count;
    private volatile HistoryChunk? _next;
    private volatile HistoryChunk? _previous;

    /// <summary>The number of commits.</summary>
    public int Count => _count;

    /// <summary>The bytes of memory that the chunk takes, with all that its commits keep alive.</summary>
    public long Bytes => _bytes;

    /// <summary>Whether the next commit goes to another chunk.</summary>
    public bool IsFull => _count == CommitsMax || _bytes >= BytesMax;

    /// <summary>The next chunk; null when there is none, or this one was unlinked.</summary>
    public HistoryChunk? Next => _next;

    /// <summary>The chunk before this one; null when there is none, or it was unlinked.</summary>
    public HistoryChunk? Previous => _previous;

    /// <summary>The revision of a commit.</summary>
    public long RevisionAt(int index) => _slots[index].Revision;

    /// <summary>When a commit was added, in milliseconds since 1970-01-01 UTC.</summary>
    public long AddedAt(int index) => _slots[index].AddedAt;

    /// <summary>A new object for a commit.</summary>
    public Commit At(int index) => new(_slots[index].Revision, _slots[index].Only, _slots[index].All, _slots[index].Deleted);

    /// <summary>The bytes of memory that a commit keeps alive: the entries that it replaced, and the array of its changes.</summary>
    public long BytesAt(int index)
    {
        ref readonly var slot = ref _slots[index];
        return (slot.Deleted?.MemoryBytes ?? 0) + (slot.All is { Length: > 0 } all
            ? EntryChange.RetainedBytesOf(all) + HeapSize.OfArray<EntryChange>(all.Length)
            : EntryChange.RetainedBytesOf(new ReadOnlySpan<EntryChange>(in slot.Only)));
    }

    /// <summary>Adds a commit to a chunk that is not full, and returns its <see cref="BytesAt"/>.</summary>
    public long Add(Commit commit, long now)
    {
        var index = _count;
        _slots[index] = new Slot { Revision = commit.Revision, Only = commit.Only, All = commit.All, Deleted = commit.Deleted, AddedAt = now };
        var bytes = BytesAt(index);
        _bytes += bytes;

        // The order matters because a reader takes the count first and then reads the slots below it.
        _count = index + 1;
        return bytes;
    }

    /// <summary>Links a new chunk after this one, and returns it.</summary>
    public HistoryChunk Append()
    {
        // The order matters because a reader that comes from here goes back by the other link.
        var next = new HistoryChunk { _previous = this };
        return _next = next;
    }

    /// <summary>Unlinks the next chunk and this one from each other, and returns the next one.</summary>
    public HistoryChunk Unlink()
    {
        var next = _next!;
        next._previous = null;
        _next = null;
        return next;
    }

    private struct Slot
    {
        public long Revision;
        public EntryChange Only;
        public EntryChange[]? All;
        public DeletedPrefix? Deleted;
        public long AddedAt;
    }
}
