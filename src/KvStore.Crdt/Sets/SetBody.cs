namespace KvStore.Crdt;

/// <summary>What a delta of a set has after its header.</summary>
/// <param name="Added">The dots within the intervals that have an element, in ascending order.</param>
/// <param name="Dead">By replica, the dots before the interval that have none: they were removed.</param>
internal sealed record SetBody(List<(Dot Dot, string Element)> Added, Dictionary<ReplicaId, List<DotRun>> Dead)
{
    public static SetBody? TryRead(DeltaHeader header, ref DeltaReader reader, bool hasRemovals)
    {
        var body = new SetBody([], []);
        foreach (var (replica, from, to) in header.Intervals)
        {
            var last = from;
            for (var count = reader.ReadCount(2); count > 0 && !reader.HasFailed; count--)
            {
                last = ReadAfter(ref reader, last, to);
                body.Added.Add((new Dot(replica, last), reader.ReadText()));
            }

            List<DotRun> runs = [];
            last = 0;
            for (var count = hasRemovals ? reader.ReadCount(2) : 0; count > 0 && !reader.HasFailed; count--)
            {
                var first = ReadAfter(ref reader, last, from);
                last = first + reader.ReadNumber();
                if (last > from)
                    reader.Fail();
                runs.Add(new(first, last));
            }

            body.Dead.Add(replica, runs);
        }

        return reader.IsAtEnd ? body : null;
    }

    public void Write(DeltaHeader header, DeltaWriter writer, bool hasRemovals)
    {
        var added = Added.ToLookup(one => one.Dot.Replica);
        foreach (var (replica, from, _) in header.Intervals)
        {
            writer.WriteNumber((ulong)added[replica].Count());
            var last = from;
            foreach (var (dot, element) in added[replica])
            {
                writer.WriteNumber(dot.Sequence - last - 1);
                writer.Write(element);
                last = dot.Sequence;
            }

            if (!hasRemovals)
                continue;
            writer.WriteNumber((ulong)Dead[replica].Count);
            last = 0;
            foreach (var run in Dead[replica])
            {
                writer.WriteNumber(run.First - last - 1);
                writer.WriteNumber(run.Last - run.First);
                last = run.Last;
            }
        }
    }

    // Sequences ascend, so each is written as its distance from the one before.
    private static ulong ReadAfter(ref DeltaReader reader, ulong last, ulong max)
    {
        if (last < max)
            return last + 1 + reader.ReadNumber(max - last - 1);
        reader.Fail();
        return last;
    }
}
