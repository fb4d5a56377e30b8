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
}
