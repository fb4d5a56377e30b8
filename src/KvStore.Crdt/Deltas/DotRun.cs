namespace KvStore.Crdt;

/// <summary>Consecutive changes of one replica.</summary>
internal readonly record struct DotRun(ulong First, ulong Last)
{
    public ulong Length => Last - First + 1;

    public IEnumerable<ulong> Sequences
    {
        get
        {
            for (var sequence = First; sequence <= Last; sequence++)
                yield return sequence;
        }
    }

    /// <summary>The runs of what is not listed, from 1 up to a sequence.</summary>
    /// <param name="sequences">In ascending order.</param>
    /// <param name="last">Where the last run ends at the latest.</param>
    public static List<DotRun> Complement(IEnumerable<ulong> sequences, ulong last)
    {
        List<DotRun> runs = [];
        var next = 1UL;
        foreach (var sequence in sequences.TakeWhile(sequence => sequence <= last))
        {
            if (sequence > next)
                runs.Add(new(next, sequence - 1));
            next = sequence + 1;
        }

        if (next <= last)
            runs.Add(new(next, last));
        return runs;
    }

    /// <summary>Whether a run has a sequence of others, which are ascending and apart.</summary>
    public static bool Overlap(List<DotRun> runs, DotRun run) => IndexFrom(runs, run.First) is var index && index < runs.Count && runs[index].First <= run.Last;

    /// <summary>The index of the first run, of runs that are ascending and apart, that ends at a sequence or after it.</summary>
    public static int IndexFrom(List<DotRun> runs, ulong sequence)
    {
        var (low, high) = (0, runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (runs[middle].Last < sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
