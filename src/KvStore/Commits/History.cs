namespace KvStore;

/// <summary>
/// The latest commits, oldest first, bounded by number, bytes and age. One thread adds; any thread reads, without a lock.
/// </summary>
/// <remarks>
/// A list of chunks that are filled once and never changed again, so a reader needs nothing but the place to start from, which is
/// one immutable object. Forgetting moves that place; a chunk goes when all of it is forgotten. A chunk that is gone
/// leads nowhere: one that the collector has moved to an old generation would keep every later one alive. A reader that comes to
/// such an end begins again. The changes lie in the chunks themselves, not in objects of their own, because
/// what outlives a write for a while is what the collector has to copy.
/// </remarks>
internal sealed class History
{
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;

    // Any thread reads, the owner writes.
    private volatile Start _start;

    // Any thread writes, the owner reads.
    private long _retainedThrough = long.MaxValue;

    // The owner's.
    private HistoryChunk _last = new();
    private int _commits;
    private long _bytes;

    public History(StoreOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _start = new Start(0, _last, 0);
    }

    /// <summary>The oldest revision whose state can still be told.</summary>
    public long OldestRevision => _start.Revision;

    /// <summary>
    /// How far watchers have been told of commits. What comes after it stays although it has too many bytes, so that one large deletion does not end
    /// every watch before anybody could look at it. Any thread sets it.
    /// </summary>
    public long RetainedThrough
    {
        set => Volatile.Write(ref _retainedThrough, value);
    }

    /// <summary>Forgets everything; the state at this revision is the oldest that can be told. For the owner.</summary>
    public void Reset(long revision)
    {
        _last = new HistoryChunk();
        _start = new Start(revision, _last, 0);
        (_commits, _bytes) = (0, 0);
    }

    /// <summary>Adds commits, and forgets old ones that are over a limit. For the owner.</summary>
    public void Add(IReadOnlyList<Commit> commits)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 0; i < commits.Count; i++)
        {
            var commit = commits[i];
            if (_last.IsFull)
                _last = _last.Append();
            _bytes += _last.Add(commit, now);
            _commits++;
        }

        Forget(now);
    }

    /// <summary>The commits above one revision, up to and with another, or the first of them; null if some of them are forgotten.</summary>
    public List<Commit>? CommitsBetween(long above, long upTo, int commitsMax = int.MaxValue)
    {
        while (true)
        {
            var start = _start;
            if (start.Revision > above)
                return null;

            // The last of them is missing when a chunk was cut off under this walk, or when the history ends before it.
            var commits = new List<Commit>();
            if (start.TryCopy(above, upTo, commitsMax, commits) || start == _start)
                return commits;
        }
    }

    private void Forget(long now)
    {
        var (revision, chunk, index) = _start;
        var toldUpTo = Volatile.Read(ref _retainedThrough);
        while (_commits > 0)
        {
            if (index == chunk.Count)
                (chunk, index) = (chunk.Next!, 0);
            if (_commits <= _options.HistoryCommitsMax && (_bytes <= _options.HistoryBytesMax || chunk.RevisionAt(index) > toldUpTo) &&
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
            (_last, chunk, index) = (chunk.Append(), chunk.Next!, 0);

        // The order matters because a reader that comes to the end of a chunk that was cut off looks for another start.
        var gone = _start.Chunk;
        _start = new Start(revision, chunk, index);
        while (gone != chunk)
            gone = gone.Unlink();
    }

    /// <summary>Where the history starts.</summary>
    /// <param name="Revision">The last revision that was forgotten.</param>
    /// <param name="Chunk">The chunk of the first commit.</param>
    /// <param name="Index">Its place there.</param>
    private sealed record Start(long Revision, HistoryChunk Chunk, int Index)
    {
        /// <summary>Copies the commits above one revision, up to and with another or as many as are wanted; false if the last of them was not met.</summary>
        public bool TryCopy(long above, long upTo, int commitsMax, List<Commit> commits)
        {
            var reached = Revision;
            for (var (chunk, index) = (Chunk, Index); chunk is not null && reached < upTo; (chunk, index) = (chunk.Next, 0))
            {
                var count = chunk.Count;

                // Most of the history is older than what is asked for.
                if (count > 0 && chunk.RevisionAt(count - 1) <= above)
                    index = count;
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
