namespace KvStore.Groups;

/// <summary>First segments of keys, with the part of all requests that each gets. All have the same amount of data.</summary>
internal sealed class Segments
{
    /// <param name="count">How many.</param>
    /// <param name="skew">The exponent of Zipf's law: with 0 all get the same; with 1 the first gets twice what the second gets.</param>
    public Segments(int count, double skew)
    {
        Shares = [.. Enumerable.Range(1, count).Select(rank => Math.Pow(rank, -skew))];
        var sum = Shares.Sum();
        for (var segment = 0; segment < count; segment++)
            Shares[segment] /= sum;
    }

    /// <summary>The parts of all requests, the largest first.</summary>
    public double[] Shares { get; }

    /// <summary>The group of each segment by a hash of its name, of which a random number is as good.</summary>
    public int[] PlaceByHash(int groups, Random random) => [.. Shares.Select(_ => random.Next(groups))];

    /// <summary>The group of each segment by a table: one after the other, the largest first, to the group that has least.</summary>
    public int[] PlaceByTable(int groups)
    {
        var queue = new PriorityQueue<int, (double Load, int Group)>();
        for (var group = 0; group < groups; group++)
            queue.Enqueue(group, (0, group));
        return [.. Shares.Select(share =>
        {
            queue.TryDequeue(out var group, out var least);
            queue.Enqueue(group, (least.Load + share, group));
            return group;
        })];
    }

    /// <summary>The part of all requests that each group gets.</summary>
    public double[] LoadsOf(int[] place, int groups)
    {
        var loads = new double[groups];
        for (var segment = 0; segment < place.Length; segment++)
            loads[place[segment]] += Shares[segment];
        return loads;
    }
}
