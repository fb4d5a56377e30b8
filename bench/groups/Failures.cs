namespace KvStore.Groups;

/// <summary>What the loss of machines takes with it. A group has three replicas, beside the three members of its etcd, on three machines, and serves with two.</summary>
/// <param name="Machines">How many machines there are.</param>
/// <param name="AnyLost">How likely it is that some group has no quorum.</param>
/// <param name="LostPart">The part of all groups that have none if one has none, on average.</param>
internal sealed record Failures(int Machines, double AnyLost, double LostPart)
{
    /// <summary>Machines that fail at one time.</summary>
    public static int Failing(int machines) => Math.Max(2, machines / 100);

    /// <param name="figures">The figures.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="inThrees">Whether machines are in fixed threes, and a group is on one of them; otherwise it is on any three machines.</param>
    public static Failures Run(Figures figures, int groups, bool inThrees)
    {
        var random = new Random(figures.Seed);
        var machines = Math.Max(6, (groups * 3 / figures.GroupsPerMachine + 2) / 3 * 3);
        var places = Place(groups, machines, inThrees, random);
        var (trialsWithLoss, lost) = (0, 0L);
        var isDown = new bool[machines];
        for (var trial = 0; trial < figures.Trials; trial++)
        {
            Array.Clear(isDown);
            for (var down = 0; down < Failing(machines);)
            {
                var machine = random.Next(machines);
                if (!isDown[machine])
                    (isDown[machine], down) = (true, down + 1);
            }

            var count = places.Count(place => (isDown[place.A] ? 1 : 0) + (isDown[place.B] ? 1 : 0) + (isDown[place.C] ? 1 : 0) >= 2);
            (trialsWithLoss, lost) = (trialsWithLoss + Math.Min(1, count), lost + count);
        }

        return new(machines, (double)trialsWithLoss / figures.Trials, trialsWithLoss == 0 ? 0 : (double)lost / trialsWithLoss / groups);
    }

    private static (int A, int B, int C)[] Place(int groups, int machines, bool inThrees, Random random)
    {
        var places = new (int A, int B, int C)[groups];
        var order = Enumerable.Range(0, machines).ToArray();
        for (var group = 0; group < groups; group++)
        {
            var three = group % (machines / 3) * 3;
            if (three == 0 && !inThrees)
                random.Shuffle(order);
            places[group] = (order[three], order[three + 1], order[three + 2]);
        }

        return places;
    }
}
