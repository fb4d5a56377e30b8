using System.Runtime.InteropServices;

namespace KvStore.Crdt;

/// <summary>Consecutive deletions of one author, of consecutive elements of one target, upwards or downwards.</summary>
internal struct DeletionRun
{
    /// <summary>The sequence of the first deletion.</summary>
    public ulong First;
    public long Length;
    public Author Target;

    /// <summary>The element that the first deletion deletes.</summary>
    public ulong TargetFirst;

    /// <summary>1 or -1: the distance from one deleted element to the next; 1 if there is only one.</summary>
    public int Step;

    public readonly ulong Last => First + (ulong)Length - 1;

    /// <summary>The lowest and the highest deleted element.</summary>
    public readonly DotRun Targets => Step > 0
        ? new(TargetFirst, TargetFirst + (ulong)Length - 1)
        : new(TargetFirst - (ulong)Length + 1, TargetFirst);

    /// <summary>The part that is within sequences.</summary>
    public readonly DeletionRun Clip(ulong first, ulong last)
    {
        var clipped = this;
        if (first > First)
        {
            clipped.TargetFirst = unchecked(TargetFirst + ((first - First) * (ulong)Step));
            clipped.First = first;
        }

        clipped.Length = (long)(Math.Min(last, Last) - clipped.First + 1);
        if (clipped.Length == 1)
            clipped.Step = 1;
        return clipped;
    }
}

/// <summary>The deletions of one author in the order of their sequences, in runs that are as long as they can be.</summary>
internal sealed class DeletionLog
{
    private List<DeletionRun> _runs = [];

    public IReadOnlyList<DeletionRun> Runs => _runs;

    /// <summary>Appends deletions. However they are divided, the runs become the same.</summary>
    /// <returns>How many runs there are more.</returns>
    public int Append(DeletionRun added)
    {
        var before = _runs.Count;
        while (added.Length > 0)
        {
            if (!TryExtend(added.First, added.Target, added.TargetFirst))
                _runs.Add(added with { Length = 1, Step = 1 });
            added = Rest(added);

            // From here on the run has the direction of the rest, or the rest begins another.
            ref var last = ref CollectionsMarshal.AsSpan(_runs)[^1];
            if (added.Length > 0 && last.Length > 1 && last.Step == added.Step)
            {
                last.Length += added.Length;
                break;
            }
        }

        return _runs.Count - before;
    }

    /// <summary>The runs that have deletions from a sequence on, the first of them clipped.</summary>
    public IEnumerable<DeletionRun> From(ulong sequence)
    {
        var index = IndexFrom(sequence);
        if (index < _runs.Count)
            yield return _runs[index].Clip(sequence, ulong.MaxValue);
        for (index++; index < _runs.Count; index++)
            yield return _runs[index];
    }

    /// <summary>The run at an index; one without a length if there is none.</summary>
    public DeletionRun At(int index) => index < _runs.Count ? _runs[index] : default;

    /// <summary>The run that has a deletion; one without a length if there is none.</summary>
    public DeletionRun Find(ulong sequence) => At(IndexFrom(sequence)) is var run && run.First <= sequence ? run : default;

    /// <summary>Replaces the log.</summary>
    /// <returns>How many runs there are more.</returns>
    public int Replace(IEnumerable<DeletionRun> runs)
    {
        var before = _runs.Count;
        _runs = [];
        foreach (var run in runs)
            Append(run);
        return _runs.Count - before;
    }

    private static DeletionRun Rest(DeletionRun run) => run with
    {
        First = run.First + 1,
        Length = run.Length - 1,
        TargetFirst = unchecked(run.TargetFirst + (ulong)run.Step),
    };

    private bool TryExtend(ulong sequence, Author target, ulong targetSequence)
    {
        if (_runs.Count == 0)
            return false;
        ref var last = ref CollectionsMarshal.AsSpan(_runs)[^1];
        if (last.Target != target || last.Last + 1 != sequence)
            return false;
        if ((last.Length == 1 || last.Step > 0) && targetSequence == last.TargetFirst + (ulong)last.Length)
            last.Step = 1;
        else if ((last.Length == 1 || last.Step < 0) && targetSequence == last.TargetFirst - (ulong)last.Length)
            last.Step = -1;
        else
            return false;
        last.Length++;
        return true;
    }

    /// <summary>The index of the first run that has deletions from a sequence on.</summary>
    public int IndexFrom(ulong sequence)
    {
        var (low, high) = (0, _runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_runs[middle].Last < sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
