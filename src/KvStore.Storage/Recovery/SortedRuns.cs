namespace KvStore.Storage;

/// <summary>
/// Gathers changes in any order of keys and tells the last one of each key, in key order. It sorts a run at a time and merges all
/// runs at the end, because that walks memory forwards; putting millions of random keys into a tree waits for memory at each.
/// Belongs to one thread.
/// </summary>
/// <remarks>
/// What was replaced is let go of whenever the changes have doubled. So they never take much more than twice the memory of the
/// last change of each key. A deletion counts as one, because an entry that comes from elsewhere may have its key.
/// </remarks>
/// <param name="runChanges">The most changes of a run.</param>
/// <param name="purgeBytesMin">Bytes of changes below which what was replaced is not looked for.</param>
internal sealed class SortedRuns(int runChanges = 1 << 16, long purgeBytesMin = 256 << 20)
{
    private readonly long _purgeBytesMin = purgeBytesMin;
    private readonly SortedChange[] _open = new SortedChange[runChanges];
    private int _openCount;

    private List<SortedChange[]> _runs = [];
    private long _purgeBytes = purgeBytesMin;

    /// <summary>Bytes of memory that the changes take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a change; its revision is above that of any other of its key.</summary>
    public void Add(RecordedChange change)
    {
        _open[_openCount++] = new SortedChange(change);
        Bytes += change.MemoryBytes;
        if (Bytes > _purgeBytes)
            Purge();
        else if (_openCount == runChanges)
            CloseRun();
    }

    /// <summary>The entries that there are after the changes. Nothing can be added any more.</summary>
    /// <param name="entries">The entries before the changes, in key order; read while the result is.</param>
    public IEnumerable<Entry> ApplyTo(IEnumerable<Entry> entries)
    {
        CloseRun();
        using var changes = Merge(_runs).GetEnumerator();
        var hasChange = changes.MoveNext();
        foreach (var entry in entries)
        {
            var order = 1;
            for (; hasChange && (order = changes.Current.Change.KeyUtf8.SequenceCompareTo(entry.KeyUtf8)) < 0; hasChange = changes.MoveNext())
            {
                if (changes.Current.Change.Entry is { } inserted)
                    yield return inserted;
            }

            // The change for the same key comes in the next turn.
            if (!hasChange || order > 0)
                yield return entry;
        }

        for (; hasChange; hasChange = changes.MoveNext())
        {
            if (changes.Current.Change.Entry is { } inserted)
                yield return inserted;
        }
    }

    private void CloseRun()
    {
        if (_openCount == 0)
            return;
        var run = _open[.._openCount];
        run.AsSpan().Sort();
        _runs.Add(run);
        Array.Clear(_open, 0, _openCount);
        _openCount = 0;
    }

    private void Purge()
    {
        CloseRun();
        _runs = [.. Merge(_runs).Chunk(runChanges)];
        _purgeBytes = Math.Max(_purgeBytesMin, 2 * Bytes);
    }

    // The last change of each key.
    private IEnumerable<SortedChange> Merge(List<SortedChange[]> runs)
    {
        var heads = new PriorityQueue<(SortedChange[] Run, int At), SortedChange>(runs.Select(run => ((run, 0), run[0])));
        while (heads.TryPeek(out var head, out var change))
        {
            if (head.At + 1 < head.Run.Length)
                heads.DequeueEnqueue((head.Run, head.At + 1), head.Run[head.At + 1]);
            else
                heads.Dequeue();
            if (!heads.TryPeek(out _, out var next) || change.CompareKey(in next) != 0)
                yield return change;
            else
                Bytes -= change.Change.MemoryBytes;
        }
    }
}
