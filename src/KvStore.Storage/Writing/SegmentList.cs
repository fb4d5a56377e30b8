namespace KvStore.Storage;

/// <summary>The segments in the directory, oldest first. Any thread may use it.</summary>
internal sealed class SegmentList
{
    private readonly Lock _lock = new();
    private readonly List<(long FirstRevision, long Bytes)> _segments = [];

    public long Bytes
    {
        get
        {
            lock (_lock)
                return _segments.Sum(segment => segment.Bytes);
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _segments.Count;
        }
    }

    /// <summary>Adds a segment after the others. It replaces one of the same name, which has no commits.</summary>
    public void Add(long firstRevision, long bytes)
    {
        lock (_lock)
        {
            if (_segments is [.., var last] && last.FirstRevision == firstRevision)
                _segments.RemoveAt(_segments.Count - 1);
            _segments.Add((firstRevision, bytes));
        }
    }

    /// <summary>Sets the length of the last segment.</summary>
    public void Grow(long bytes)
    {
        lock (_lock)
            _segments[^1] = _segments[^1] with { Bytes = bytes };
    }

    /// <summary>The oldest segment if a checkpoint of this revision covers it, otherwise null. The last segment is never covered: it is being appended to.</summary>
    public long? OldestCovered(long revision)
    {
        lock (_lock)
            return _segments.Count > 1 && _segments[1].FirstRevision <= revision + 1 ? _segments[0].FirstRevision : null;
    }

    public void RemoveOldest()
    {
        lock (_lock)
            _segments.RemoveAt(0);
    }
}
