namespace KvStore.Storage;

/// <summary>
/// Collects changes in any order of keys and yields the last one of each key, in key order. Sorts one run at a time and merges all
/// runs at the end, because that reads memory forwards; inserting millions of random keys into a tree misses the cache at each.
/// Belongs to one thread.
/// </summary>
/// <remarks>
/// Replaced changes are released whenever the memory has doubled, or earlier when they may exceed their bound. So it never exceeds about
/// twice that of the last change of each key. A deletion counts as a change, because the checkpoint may contain an entry of its key. One by
/// prefix precedes the changes of the keys that it covers in key order, so one pass finds which of them, and which entries of the checkpoint, it
/// has deleted.
/// </remarks>
/// <param name="derived">Completes changes that need the entry before them.</param>
/// <param name="runChanges">The maximum length of a run.</param>
/// <param name="purgeBytesMin">Bytes of changes below which replaced ones are not released.</param>
/// <param name="replacedBytesMax">Bytes of replaced changes at most.</param>
internal sealed class SortedRuns(DerivedChanges derived, int runChanges = 1 << 16, long purgeBytesMin = 256 << 20, long replacedBytesMax = long.MaxValue)
{
    private readonly long _purgeBytesMin = purgeBytesMin;
    private readonly long _replacedBytesMax = replacedBytesMax;
    private readonly SortedChange[] _open = new SortedChange[runChanges];
    private int _openCount;

    private List<SortedChange[]> _runs = [];
    private long _purgeBytes = Math.Min(purgeBytesMin, replacedBytesMax);

    /// <summary>Bytes of memory of the changes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a change; its revision is greater than that of every earlier change of its key.</summary>
    public void Add(RecordedChange change)
    {
        var sorted = new SortedChange(change);
        _open[_openCount++] = sorted;
        Bytes += sorted.MemoryBytes;
        if (Bytes > _purgeBytes)
            Purge();
        else if (_openCount == runChanges)
            CloseRun();
    }

    /// <summary>Applies the changes to entries. Nothing may be added afterwards.</summary>
    /// <param name="entries">Entries in key order; enumerated together with the result.</param>
    public IEnumerable<Entry> ApplyTo(IEnumerable<Entry> entries)
    {
        CloseRun();
        var deleted = new DeletedPrefixes();
        using var changes = Merge(_runs).GetEnumerator();
        var hasChange = changes.MoveNext();
        foreach (var entry in entries)
        {
            var order = 1;
            for (; hasChange && IsBefore(changes.Current.Change, entry, out order); hasChange = changes.MoveNext())
            {
                if (changes.Current.Change.IsPrefix)
                    deleted.Add(changes.Current.Change);
                else if (derived.Apply(null, changes.Current.Change) is { } inserted)
                    yield return inserted;
            }

            Entry? before = deleted.RevisionAt(entry.KeyUtf8) > 0 ? null : entry;
            if (!hasChange || order > 0)
            {
                if (before is { } kept)
                    yield return kept;
                continue;
            }

            if (derived.Apply(before, changes.Current.Change) is { } replaced)
                yield return replaced;
            hasChange = changes.MoveNext();
        }

        for (; hasChange; hasChange = changes.MoveNext())
        {
            if (derived.Apply(null, changes.Current.Change) is { } inserted)
                yield return inserted;
        }
    }

    // A deletion by prefix comes before the entry that has the prefix as its key.
    private static bool IsBefore(RecordedChange change, Entry entry, out int order)
    {
        order = change.KeyUtf8.SequenceCompareTo(entry.KeyUtf8);
        return order < 0 || (order == 0 && change.IsPrefix);
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
        _purgeBytes = Bytes + Math.Min(Math.Max(_purgeBytesMin - Bytes, Bytes), _replacedBytesMax);
    }

    // The last deletion by each prefix; and of each key the last change that follows it, which includes those before it if it needs them.
    private IEnumerable<SortedChange> Merge(List<SortedChange[]> runs)
    {
        var heads = new PriorityQueue<(SortedChange[] Run, int At), SortedChange>(runs.Select(run => ((run, 0), run[0])));
        var deleted = new DeletedPrefixes();
        SortedChange? deletion = null;
        SortedChange? last = null;
        while (heads.TryPeek(out var head, out var change))
        {
            if (head.At + 1 < head.Run.Length)
                heads.DequeueEnqueue((head.Run, head.At + 1), head.Run[head.At + 1]);
            else
                heads.Dequeue();

            if (change.Change.Revision < deleted.RevisionAt(change.Change.KeyUtf8))
            {
                Release(change);
            }
            else if (change.Change.IsPrefix)
            {
                Release(deletion);
                Release(last);
                (deletion, last) = (change, null);
            }
            else
            {
                last = last is { } earlier ? Replace(earlier, change) : change;
            }

            if (heads.TryPeek(out _, out var next) && change.CompareKey(in next) == 0)
                continue;
            if (deletion is { } prefix)
            {
                deleted.Add(prefix.Change);
                yield return prefix;
            }

            if (last is { } final)
                yield return final;
            deletion = last = null;
        }
    }

    private SortedChange Replace(SortedChange earlier, SortedChange later)
    {
        Release(earlier);
        if (!later.Change.IsDerived)
            return later;
        Release(later);
        var merged = new SortedChange(derived.Merge(earlier.Change, later.Change));
        Bytes += merged.MemoryBytes;
        return merged;
    }

    private void Release(SortedChange? change) => Bytes -= change?.MemoryBytes ?? 0;
}
