namespace KvStore;

/// <summary>
/// The latest commits, oldest first, bounded by number, bytes and age. The log's thread adds; any thread reads, without a lock.
/// </summary>
/// <remarks>
/// A linked list of append-only chunks. A reader needs only the place to start from, which is one immutable object. Dropping commits
/// moves that place, and unlinks the chunks before it: an unlinked chunk that the collector has moved to an old
/// generation would otherwise keep every later one alive. Changes are stored in the chunks, not in objects of their own,
/// to give a generational collector fewer surviving objects to copy.
/// </remarks>
internal sealed class History
{
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;

    // The log's thread writes, any thread reads.
    private volatile Start _start;
    private volatile HistoryChunk _last = new();
    private volatile Gap[] _gaps = [];

    // Any thread writes, the log's thread reads.
    private ImmutableArray<RetentionPin> _pins = [];

    // The log's thread's own.
    private int _commits;

    // Of the commits that are not dropped, and of their chunks except the last.
    private long _bytes;

    private long _heldBytes;
    private long _lastRevision;

    public History(StoreOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _start = new Start(0, _last, 0);
        _heldBytes = _last.Bytes;
    }

    /// <summary>The oldest revision whose state is known: that of the last dropped commit.</summary>
    public long OldestRevision => _start.Revision;

    /// <summary>When the oldest commit was added; null when there is none.</summary>
    public DateTimeOffset? OldestAt =>
        _start is var start && start.Index < start.Chunk.Count ? DateTimeOffset.FromUnixTimeMilliseconds(start.Chunk.AddedAt(start.Index)) : null;

    /// <summary>
    /// The bytes of memory that the history takes. They exceed the limit by what the first chunk still has of dropped commits, and while commits are
    /// pinned. For the log's thread.
    /// </summary>
    public long HeldBytes => _heldBytes;

    /// <summary>
    /// Whether a revision lies strictly between two commits of which the later one is a gap. Gaps stay known after their commits are
    /// dropped: a log has one per unclean start, at most.
    /// </summary>
    public bool IsLost(long revision)
    {
        foreach (var gap in _gaps)
        {
            if (revision > gap.Above && revision < gap.Below)
                return true;
        }

        return false;
    }

    /// <summary>Retains commits beyond the limit of bytes. Any thread may call it.</summary>
    /// <param name="after">Commits after this revision are retained, except those that are dropped already.</param>
    /// <returns>The pin, which the caller moves forward and disposes of. While there are several, the one that is furthest behind counts.</returns>
    public RetentionPin Pin(long after)
    {
        var pin = new RetentionPin(this, after);
        ImmutableInterlocked.Update(ref _pins, static (pins, added) => pins.Add(added), pin);
        return pin;
    }

    /// <summary>For <see cref="RetentionPin.Dispose"/>.</summary>
    internal void Release(RetentionPin pin) => ImmutableInterlocked.Update(ref _pins, static (pins, released) => pins.Remove(released), pin);

    /// <summary>Drops everything; the state at this revision is now the oldest that is known. For the log's thread.</summary>
    public void Reset(long revision)
    {
        _last = new HistoryChunk();
        _start = new Start(revision, _last, 0);
        _gaps = [];
        (_commits, _bytes, _heldBytes, _lastRevision) = (0, 0, _last.Bytes, revision);
    }

    /// <summary>Adds commits, and drops old ones beyond the limits. For the log's thread.</summary>
    public void Add(IReadOnlyList<Commit> commits)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 0; i < commits.Count; i++)
        {
            var commit = commits[i];
            if (commit.IsGap)
                _gaps = [.. _gaps, new Gap(_lastRevision, commit.Revision)];
            _lastRevision = commit.Revision;
            if (_last.IsFull)
            {
                Append();
                _bytes += HistoryChunk.EmptyBytes;
            }

            var bytes = _last.Add(commit, now);
            _bytes += bytes;
            _heldBytes += bytes;
            _commits++;
        }

        Drop(now);
    }

    /// <summary>The commits in (above, upTo], or the first of them; null when some of them are dropped or lost.</summary>
    /// <param name="above">The revision before the first commit. If it is a lost one, commits between it and the gap may be lost too.</param>
    /// <param name="upTo">The revision of the last commit, at most.</param>
    /// <param name="commitsMax">The most commits to return.</param>
    public List<Commit>? CommitsBetween(long above, long upTo, int commitsMax = int.MaxValue)
    {
        while (true)
        {
            var start = _start;
            if (start.Revision > above || IsLost(above))
                return null;

            // If the walk stopped short, it met an unlinked chunk or the end of the history; an unchanged start means the end.
            var commits = new List<Commit>();
            if (start.MoveTo(above, _last) is { } from && (from.TryCopy(above, upTo, commitsMax, commits) || start == _start))
                return commits;
        }
    }

    /// <summary>Whether every commit after a revision is known.</summary>
    public bool Reaches(long revision) => _start.Revision <= revision && !IsLost(revision);

    /// <summary>A walk back from the newest commit.</summary>
    public HistoryWalk WalkBack() => new(_last);

    private void Drop(long now)
    {
        var (revision, chunk, index) = _start;
        var retainedAfter = RetainedAfter();
        while (_commits > 0)
        {
            if (index == chunk.Count)
            {
                (chunk, index) = (chunk.Next!, 0);
                _bytes -= HistoryChunk.EmptyBytes;
            }

            if (_commits <= _options.HistoryCommitsMax && (_bytes <= _options.HistoryBytesMax || chunk.RevisionAt(index) > retainedAfter) &&
                now - chunk.AddedAt(index) <= _options.HistoryAgeMax.TotalMilliseconds)
                break;
            revision = chunk.RevisionAt(index);
            _bytes -= chunk.BytesAt(index);
            _commits--;
            index++;
        }

        if (revision == _start.Revision)
            return;
        if (_commits == 0)
        {
            Append();
            (chunk, index) = (_last, 0);
        }

        // The order matters because a reader that meets an unlinked chunk must find another start. With the two steps reversed:
        //   T1 (reader): takes the start, walks to the end of the first chunk
        //   T2 (log):    unlinks the first chunk
        //   T1:          finds no next chunk and the same start, and takes the commits so far for all that there are
        //   T2:          moves the start
        var unlinked = _start.Chunk;
        _start = new Start(revision, chunk, index);
        while (unlinked != chunk)
        {
            _heldBytes -= unlinked.Bytes;
            unlinked = unlinked.Unlink();
        }
    }

    private void Append()
    {
        _last = _last.Append();
        _heldBytes += _last.Bytes;
    }

    private long RetainedAfter()
    {
        var revision = long.MaxValue;
        foreach (var pin in _pins)
            revision = Math.Min(revision, pin.RetainedAfter);
        return revision;
    }

    /// <summary>The revisions in (Above, Below) are lost.</summary>
    private sealed record Gap(long Above, long Below);

    /// <summary>Where the history starts.</summary>
    /// <param name="Revision">The last dropped revision.</param>
    /// <param name="Chunk">The chunk of the first commit.</param>
    /// <param name="Index">Its index there.</param>
    private sealed record Start(long Revision, HistoryChunk Chunk, int Index)
    {
        /// <summary>
        /// A later start that still has every commit after a revision; null when the walk to it met an unlinked chunk. From the newest chunk
        /// back, because readers usually want the newest commits and the history may have many thousands of chunks.
        /// </summary>
        public Start? MoveTo(long above, HistoryChunk last)
        {
            var chunk = last;
            while (chunk != Chunk && (chunk.Count == 0 || chunk.RevisionAt(0) > above))
            {
                if (chunk.Previous is not { } previous)
                    return null;
                chunk = previous;
            }

            return chunk == Chunk ? this : new Start(Revision, chunk, 0);
        }

        /// <summary>Copies the commits in (above, upTo], up to a number; false when the walk ended before the last of them.</summary>
        public bool TryCopy(long above, long upTo, int commitsMax, List<Commit> commits)
        {
            var reached = Revision;
            for (var (chunk, index) = (Chunk, Index); chunk is not null && reached < upTo; (chunk, index) = (chunk.Next, 0))
            {
                var count = chunk.Count;
                for (; index < count && chunk.RevisionAt(index) <= upTo; index++)
                {
                    if (chunk.RevisionAt(index) <= above)
                        continue;
                    commits.Add(chunk.At(index));
                    if (commits.Count == commitsMax)
                        return true;
                }

                if (index > 0)
                    reached = Math.Max(reached, chunk.RevisionAt(index - 1));
                if (index < count)
                    return true;
            }

            return reached >= upTo;
        }
    }
}
