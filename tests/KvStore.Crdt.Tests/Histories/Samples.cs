namespace KvStore.Crdt.Tests;

/// <summary>Replicas with something in them, and changes, for tests of every type.</summary>
internal static class Samples
{
    public static TheoryData<CrdtType> Types => [CrdtType.GCounter, CrdtType.PNCounter, CrdtType.GSet, CrdtType.ORSet, CrdtType.Text];

    /// <summary>Changes a replica; every number makes another change.</summary>
    public static void Change(CrdtReplica replica, int number)
    {
        var outcome = replica switch
        {
            CounterReplica counter => counter.Increment(number + 1),
            SetReplica set => set.Change([$"element {number}"], set.Type == CrdtType.ORSet && number % 3 == 2 ? [$"element {number - 1}"] : [], null, out _),
            TextReplica text when number % 5 == 4 => text.Delete(text.Length / 2, 1),
            TextReplica text => text.Insert(number * 7 % (text.Length + 1), number % 4 == 3 ? "\U0001F600é" : $"text {number}"),
            _ => throw new ArgumentException(replica.Type.ToString()),
        };
        Assert.Equal(IntentOutcome.Applied, outcome);
    }

    /// <summary>Two replicas of one value that have changed it at once.</summary>
    public static (CrdtReplica First, CrdtReplica Second) TwoOf(CrdtType type)
    {
        var first = MergeableValue.Create(type, new ReplicaId(0xA1));
        Change(first, 0);
        Change(first, 1);
        var second = Load(first.Encode(), 0xB2);
        Change(first, 2);
        Change(second, 3);
        Change(second, 4);
        return (first, second);
    }

    public static CrdtReplica Load(byte[] state, ulong id) => MergeableValue.TryLoad(state, new ReplicaId(id)) ?? throw new ArgumentException("no state");
}
