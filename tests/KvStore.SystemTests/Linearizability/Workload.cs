namespace KvStore.SystemTests;

/// <summary>
/// What the clients of one history ask for: which kinds of calls, and how often each. Drawn anew for each history, some kinds left out, because
/// histories that are all alike meet the same few cases again and again. Immutable.
/// </summary>
internal sealed class Workload
{
    private static readonly string[] MemberNames = ["m", "n"];

    private readonly int _keyCount;
    private readonly (int Weight, Func<Random, ClientMemory, int, Call> Make)[] _kinds;
    private readonly int _weights;

    /// <param name="random">Decides.</param>
    /// <param name="keyCount">How many keys the calls are about.</param>
    public Workload(Random random, int keyCount)
    {
        _keyCount = keyCount;
        _kinds =
        [
            (4, (_, _, key) => new Get(key)),
            (Any(4), (_, memory, key) => new Put(key, memory.NextValue())),
            (1 + Any(4), (random, memory, key) => new Put(key, memory.NextValue(), NewCondition(random, memory.RevisionOf(key)))),
            (Any(3), (_, _, key) => new Delete(key)),
            (Any(2), (random, memory, key) => new Delete(key, NewCondition(random, memory.RevisionOf(key)))),
            (Any(4), (random, _, _) => new List(keyCount, IsBatch: random.Next(4) == 0)),
            (Any(4), (random, _, key) => new Add(key, random.Next(-2, 3))),
            (Any(2), (random, _, key) => new Put(key, $"{random.Next(100)}")),
            (Any(2), (random, _, key) => new Patch(key, MemberNames[random.Next(MemberNames.Length)], random.Next(100))),
            (Any(1), (_, _, _) => new DeletePrefix(keyCount)),
            (Any(8), NewTransaction),
        ];
        _weights = _kinds.Sum(kind => kind.Weight);

        // Half of the time none at all.
        int Any(int weightMax) => Math.Max(0, random.Next(-weightMax, weightMax + 1));
    }

    public Call NextCall(Random random, ClientMemory memory)
    {
        var at = random.Next(_weights);
        foreach (var (weight, make) in _kinds)
        {
            if ((at -= weight) < 0)
                return make(random, memory, random.Next(_keyCount));
        }

        throw new InvalidOperationException("The weights do not add up.");
    }

    /// <summary>A read of everything, or of one key.</summary>
    public Call NextRead(Random random) => random.Next(2) == 0 ? new List(_keyCount) : new Get(random.Next(_keyCount));

    private static Condition NewCondition(Random random, long revision) => random.Next(8) switch
    {
        0 => new Condition(ConditionKind.Exists),
        1 => new Condition(ConditionKind.Absent),
        2 => new Condition(ConditionKind.RevisionIsNot, revision),
        _ => new Condition(ConditionKind.RevisionIs, revision),
    };

    /// <summary>A few guards, mostly what the client saw last, and a few steps with the keys in any order. Each key is written once at most, and read now and then.</summary>
    private Transaction NewTransaction(Random random, ClientMemory memory, int key)
    {
        var guards = Enumerable.Range(0, Math.Max(0, random.Next(-1, 3))).Select(_ => NewGuard(random, memory, random.Next(_keyCount)));
        var keys = Enumerable.Range(0, _keyCount).ToArray();
        random.Shuffle(keys);
        var steps = new List<Step> { new GetStep(key) };
        for (var i = 0; i < keys.Length; i++)
        {
            steps.Add(random.Next(8) switch
            {
                0 => new GetStep(keys[i]),
                1 or 2 => new DeleteStep(keys[i]),
                3 or 4 when i + 1 < keys.Length => new MoveStep(keys[i], keys[++i]),
                _ => new PutStep(keys[i], memory.NextValue()),
            });
            if (random.Next(4) == 0)
                break;
        }

        // Sometimes the read is the last, sometimes there is none.
        if (random.Next(2) == 0)
            steps.Reverse();
        if (random.Next(3) == 0)
            steps.Remove(new GetStep(key));
        return new Transaction([.. guards], [.. steps]);
    }

    private static TransactionGuard NewGuard(Random random, ClientMemory memory, int key) => new(key, random.Next(6) switch
    {
        0 => new Condition(ConditionKind.Exists),
        1 => new Condition(ConditionKind.Absent),
        _ => new Condition(ConditionKind.RevisionIs, memory.RevisionOf(key)),
    });
}
