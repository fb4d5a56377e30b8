namespace KvStore.Groups;

/// <summary>
/// Groups are added, a tenth of those that there are, and segments move to them until no group gets more than its part of the requests and a fiftieth. A move
/// copies what a segment has, follows what is written meanwhile, and then switches. Each group takes part in one move at a time.
/// </summary>
/// <param name="Moves">Segments that move.</param>
/// <param name="Bytes">Bytes that are copied.</param>
/// <param name="Duration">From the first copy to the last switch.</param>
/// <param name="LongestMove">The longest move of one segment.</param>
internal sealed record Rebalancing(int Moves, double Bytes, TimeSpan Duration, TimeSpan LongestMove)
{
    private const double Tolerance = 1.02;

    public static Rebalancing Run(Figures figures, Segments segments, int groups)
    {
        var all = groups + Math.Max(1, groups / 10);
        var place = segments.PlaceByTable(groups);
        var loads = segments.LoadsOf(place, all);
        var bytes = figures.RoomBytes * figures.Utilization * groups / place.Length;
        var demand = figures.Puts / loads.Max() * figures.Utilization;

        var free = new double[all];
        var (moves, end, longest) = (0, 0.0, 0.0);
        foreach (var (segment, source, target) in Plan(segments, place, loads, Tolerance / all))
        {
            // What is written while the rest is copied is copied after it, and so on: a geometric series.
            var seconds = (bytes / (figures.CopyMb * 1e6) / (1 - (segments.Shares[segment] * demand / figures.Puts))) + figures.SwitchSeconds;
            var done = Math.Max(free[source], free[target]) + seconds;
            free[source] = free[target] = done;
            (moves, end, longest) = (moves + 1, Math.Max(end, done), Math.Max(longest, seconds));
        }

        return new(moves, moves * bytes, TimeSpan.FromSeconds(end), TimeSpan.FromSeconds(longest));
    }

    /// <summary>From the group with the most to the one with the least, always the largest segment that leaves the target below the limit.</summary>
    private static IEnumerable<(int Segment, int Source, int Target)> Plan(Segments segments, int[] place, double[] loads, double limit)
    {
        var members = new List<int>[loads.Length];
        for (var group = 0; group < loads.Length; group++)
            members[group] = [];
        for (var segment = 0; segment < place.Length; segment++)
            members[place[segment]].Add(segment);

        var settled = new HashSet<int>();
        while (true)
        {
            var (source, target) = (-1, 0);
            for (var group = 0; group < loads.Length; group++)
            {
                if (loads[group] > limit && !settled.Contains(group) && (source < 0 || loads[group] > loads[source]))
                    source = group;
                if (loads[group] < loads[target])
                    target = group;
            }

            if (source < 0)
                yield break;

            // Members are in the order of their shares.
            var index = members[source].FindIndex(segment => loads[target] + segments.Shares[segment] <= limit);
            if (index < 0 || members[source].Count == 1)
            {
                settled.Add(source);
                continue;
            }

            var moved = members[source][index];
            members[source].RemoveAt(index);
            loads[source] -= segments.Shares[moved];
            loads[target] += segments.Shares[moved];
            yield return (moved, source, target);
        }
    }
}
