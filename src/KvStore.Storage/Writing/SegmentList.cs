namespace KvStore.Storage;

/// <summary>The segments that the directory holds, oldest first. Any thread may use it.</summary>
internal sealed class SegmentList
{
    private readonly Lock _lock = new();
    private readonly List<(long FirstRevision, long Bytes)> _segments = [];

    /// <summary>Bytes of all segments together.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _segments.Sum(segment => segment.Bytes);
        }
    }

    /// <summary>How many segments there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _segments.Count;
        }
    }

    /// <summary>Adds a segment behind the others.</summary>
    public void Add(long firstRevision, long bytes)
    {
        lock (_lock)
            _segments.Add((firstRevision, bytes));
    }

    /// <summary>Says how long the last segment is.</summary>
    public void Grow(long bytes)
    {
        lock (_lock)
            _segments[^1] = _segments[^1] with { Bytes = bytes };
    }

    /// <summary>The oldest segment if it holds nothing above a revision; null when there is none. The last one never counts: it is written to.</summary>
    public long? OldestCovered(long revision)
    {
        lock (_lock)
            return _segments.Count > 1 && _segments[1].FirstRevision <= revision + 1 ? _segments[0].FirstRevision : null;
    }

    /// <summary>Forgets the oldest segment.</summary>
    public void RemoveOldest()
    {
        lock (_lock)
            _segments.RemoveAt(0);
    }
}
