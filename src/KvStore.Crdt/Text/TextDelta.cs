using System.Text;
using System.Text.Unicode;

namespace KvStore.Crdt;

/// <summary>What a delta of a text has after its header.</summary>
/// <param name="Runs">By interval, the changes in it.</param>
/// <param name="Deleted">By interval, the elements of its replica that the changes delete, ascending and apart.</param>
/// <param name="Scalars">What is inserted and not deleted.</param>
/// <param name="Collected">What the collections dropped and condemned; nothing if the delta has no collection.</param>
internal sealed record TextDelta(List<TextRun>[] Runs, List<DotRun>[] Deleted, int[] Scalars, TextCollection Collected)
{
    public static TextDelta? TryRead(DeltaHeader header, ref DeltaReader reader)
    {
        var runs = new List<TextRun>[header.Intervals.Length];
        var cursors = new ulong[runs.Length];
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i] = [];
            for (var next = header.Intervals[i].From + 1; next <= header.Intervals[i].To && !reader.HasFailed; next += runs[i][^1].Length)
                runs[i].Add(ReadRun(ref reader, i, next, header.Intervals[i].To, cursors));
        }

        var bytes = reader.ReadBytes();
        if (!Utf8.IsValid(bytes))
            reader.Fail();
        var collected = header.Collection is null ? TextCollection.None : TextCollection.Read(ref reader);
        if (!reader.IsAtEnd)
            return null;

        var deleted = Deletions(runs);
        var scalars = Decode(bytes);
        return Assign(runs, deleted) == (ulong)scalars.Length ? new TextDelta(runs, deleted, scalars, collected) : null;
    }

    /// <summary>Divides elements into those that are deleted and those that are not.</summary>
    /// <param name="elements">Consecutive elements.</param>
    /// <param name="deleted">Runs of deleted elements, ascending and apart.</param>
    public static IEnumerable<(DotRun Elements, bool IsDeleted)> Divide(DotRun elements, List<DotRun> deleted)
    {
        var (first, last) = elements;
        for (var i = DotRun.IndexFrom(deleted, first); i < deleted.Count && deleted[i].First <= last; i++)
        {
            if (deleted[i].First > first)
                yield return (new(first, deleted[i].First - 1), false);
            first = Math.Max(first, deleted[i].First);
            yield return (new(first, Math.Min(last, deleted[i].Last)), true);
            first = deleted[i].Last + 1;
        }

        if (first <= last)
            yield return (new(first, last), false);
    }

    /// <summary>Sorts runs and joins those that overlap or touch.</summary>
    public static List<DotRun> Normalize(List<DotRun> runs)
    {
        runs.Sort((left, right) => left.First.CompareTo(right.First));
        var count = 0;
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            if (count > 0 && run.First <= runs[count - 1].Last + 1)
                runs[count - 1] = new(runs[count - 1].First, Math.Max(runs[count - 1].Last, run.Last));
            else
                runs[count++] = run;
        }

        runs.RemoveRange(count, runs.Count - count);
        return runs;
    }

    private static TextRun ReadRun(ref DeltaReader reader, int author, ulong next, ulong to, ulong[] cursors)
    {
        var head = reader.ReadNumber();
        var kind = (TextRunKind)(head & 7);
        var length = (head >> 3) + 1;
        if ((int)kind >= TextRun.Kinds || length > to - next + 1)
            reader.Fail();
        var run = new TextRun(kind, next, Math.Clamp(length, 1, to - next + 1), author, 0, 0);
        if (run.IsInsertion && length > int.MaxValue)
            reader.Fail();
        if (kind is not (TextRunKind.Gap or TextRunKind.InsertAtStart))
            run = ReadReference(ref reader, run, cursors);
        if (run.IsInsertion)
            cursors[author] = run.Last;
        return run;
    }

    private static TextRun ReadReference(ref DeltaReader reader, TextRun run, ulong[] cursors)
    {
        var distance = reader.ReadNumber((Dot.SequenceMax << 2) | 3);
        var author = (distance & 1) == 0 ? run.Reference : (int)reader.ReadNumber((ulong)cursors.Length - 1);
        var sequence = (long)cursors[author] + DeltaReader.ToSigned(distance >> 1);
        var last = sequence + (run.Kind == TextRunKind.DeleteUpwards ? (long)run.Length - 1 : 0);
        var first = sequence - (run.Kind == TextRunKind.DeleteDownwards ? (long)run.Length - 1 : 0);
        var max = author == run.Reference ? run.First - 1 : Dot.SequenceMax;
        if (first < 1 || last > (long)max || ((distance & 1) == 1 && author == run.Reference))
        {
            reader.Fail();
            return run;
        }

        cursors[author] = (ulong)(run.Kind == TextRunKind.DeleteUpwards ? last : first);
        return run with { Reference = author, ReferenceSequence = (ulong)sequence };
    }

    private static List<DotRun>[] Deletions(List<TextRun>[] runs)
    {
        var deleted = Array.ConvertAll(runs, _ => new List<DotRun>());
        foreach (var list in runs)
        {
            foreach (var run in list)
            {
                if (run.IsDeletion)
                    deleted[run.Reference].Add(run.Targets);
            }
        }

        foreach (var list in deleted)
            Normalize(list);
        return deleted;
    }

    // Returns how many scalars there must be.
    private static ulong Assign(List<TextRun>[] runs, List<DotRun>[] deleted)
    {
        var total = 0UL;
        for (var author = 0; author < runs.Length; author++)
        {
            for (var i = 0; i < runs[author].Count && total <= int.MaxValue; i++)
            {
                var run = runs[author][i];
                if (!run.IsInsertion)
                    continue;
                runs[author][i] = run with { Content = (int)total };
                foreach (var (elements, isDeleted) in Divide(new(run.First, run.Last), deleted[author]))
                    total += isDeleted ? 0 : elements.Length;
            }
        }

        return total;
    }

    private static int[] Decode(ReadOnlySpan<byte> utf8)
    {
        var scalars = new int[utf8.Length];
        var count = 0;
        while (!utf8.IsEmpty)
        {
            if (utf8[0] < 0x80)
            {
                scalars[count++] = utf8[0];
                utf8 = utf8[1..];
                continue;
            }

            Rune.DecodeFromUtf8(utf8, out var rune, out var consumed);
            scalars[count++] = rune.Value;
            utf8 = utf8[consumed..];
        }

        return scalars[..count];
    }
}
