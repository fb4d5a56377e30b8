namespace KvStore;

/// <summary>
/// The latest commits, oldest first, bounded by number, bytes and age. One thread adds; any thread reads, without a lock.
/// </summary>
/// <remarks>
/// A singly linked list whose head stands for the last commit that was forgotten, so one reference tells both where the history
/// starts and which revision that is. A link that is forgotten no longer leads anywhere, so a reader that stands on it begins again.
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

    // The new head is a copy without the commit, which would otherwise stay alive, uncounted. The links before it are cut
    // apart: one that the collector has moved to an old generation would keep every later link alive, and in time move it there.
    private void StartAt(Link last)
    {
        var forgotten = _head;
        var head = new Link(last.Revision, null, default) { Next = last.Next };
        if (head.Next is null)
            _tail = head;

        // The order matters because a reader that finds a link cut looks for another head.
        _head = head;
        while (forgotten.Next is { } next && forgotten != last)
        {
            forgotten.Next = null;
            forgotten = next;
        }

        last.Next = null;
    }

    /// <summary>The commits above one revision, up to and with another; null if some of them are forgotten.</summary>
    public List<Commit>? Between(long above, long upTo)
    {
        while (true)
        {
            var head = _head;
            if (head.Revision > above)
                return null;

            var commits = new List<Commit>();
            var last = head;
            for (; last.Next is { } link && link.Revision <= upTo; last = link)
            {
                if (link.Revision > above)
                    commits.Add(link.Commit!);
            }

            // Unless the links were cut under this walk, it ended where it was meant to end.
            if (last.Revision >= upTo || head == _head)
                return commits;
        }
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
