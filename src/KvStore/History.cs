namespace KvStore;

/// <summary>
/// The latest commits, oldest first, bounded by number, bytes and age. One thread adds; any thread reads, without a lock.
/// </summary>
/// <remarks>
/// A singly linked list whose head stands for the last commit that was forgotten, so one reference tells both where the history
/// starts and which revision that is. A reader that holds a link keeps what follows it alive, so readers let go soon.
/// </remarks>
internal sealed class History(StoreOptions options, TimeProvider time)
{
    // Any thread reads, the owner writes.
    private volatile Link _head = new(0, null, default);

    // The owner's.
    private Link? _tail;
    private int _commits;
    private long _bytes;

    /// <summary>The oldest revision whose state can still be told.</summary>
    public long OldestRevision => _head.Revision;

    /// <summary>Forgets everything; the state at this revision is the oldest that can be told. For the owner.</summary>
    public void Reset(long revision)
    {
        _tail = _head = new Link(revision, null, default);
        (_commits, _bytes) = (0, 0);
    }

    /// <summary>Adds a commit, and forgets old ones that are over a limit. For the owner.</summary>
    public void Add(Commit commit)
    {
        var now = time.GetUtcNow();
        var link = new Link(commit.Revision, commit, now);
        _tail = (_tail ?? _head).Next = link;
        _commits++;
        _bytes += BytesOf(commit);

        var forgotten = _head;
        while (forgotten.Next is { } oldest &&
               (_commits > options.HistoryCommitsMax || _bytes > options.HistoryBytesMax || now - oldest.At > options.HistoryAgeMax))
        {
            forgotten = oldest;
            _commits--;
            _bytes -= BytesOf(oldest.Commit!);
        }

        if (forgotten != _head)
            StartAt(forgotten);
    }

    // The new head is a copy without the commit, which would otherwise stay alive, uncounted. A reader may stand on the
    // original; the commits up to the snapshot that it took are all behind that one too.
    private void StartAt(Link last)
    {
        var head = new Link(last.Revision, null, default) { Next = last.Next };
        if (head.Next is null)
            _tail = head;
        _head = head;
    }

    /// <summary>The commits above one revision, up to and with another; null if some of them are forgotten.</summary>
    public List<Commit>? Between(long above, long upTo)
    {
        var link = _head;
        if (link.Revision > above)
            return null;

        var commits = new List<Commit>();
        for (link = link.Next; link is not null && link.Revision <= upTo; link = link.Next)
        {
            if (link.Revision > above)
                commits.Add(link.Commit!);
        }

        return commits;
    }

    // What would be garbage if the commit were forgotten: the entries that it replaced.
    private static long BytesOf(Commit commit)
    {
        var bytes = 0L;
        foreach (ref readonly var change in commit.Changes.Span)
            bytes += change.Previous?.Bytes ?? 0;
        return bytes;
    }

    private sealed class Link(long revision, Commit? commit, DateTimeOffset at)
    {
        private volatile Link? _next;

        public long Revision { get; } = revision;

        public Commit? Commit { get; } = commit;

        public DateTimeOffset At { get; } = at;

        public Link? Next { get => _next; set => _next = value; }
    }
}
