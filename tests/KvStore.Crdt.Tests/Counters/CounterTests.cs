namespace KvStore.Crdt.Tests;

public sealed class CounterTests
{
    [Theory]
    [InlineData(CrdtType.GCounter)]
    [InlineData(CrdtType.PNCounter)]
    public void Histories_OfSeveralReplicas_AreExact(CrdtType type) =>
        Histories.Check(1000, history => new CounterWorld(type, 2 + (history.Length % 4)).Run(history));

    [Fact]
    public void Increment_BelowZero_IsOfPNCountersOnly()
    {
        Assert.Equal(IntentOutcome.Unsupported, New(CrdtType.GCounter).Increment(-1));
        var counter = New(CrdtType.PNCounter);
        Assert.Equal(IntentOutcome.Applied, counter.Increment(-1));
        Assert.Equal(-1, counter.Value);
    }

    [Fact]
    public void Increment_ByNothing_ChangesNothing()
    {
        var counter = New(CrdtType.PNCounter);
        Assert.Equal(IntentOutcome.Unchanged, counter.Increment(0));
        Assert.Equal(VersionVector.Empty, counter.Version);
    }

    [Fact]
    public void Increment_BeyondSixtyFourBits_IsRefused()
    {
        var counter = New(CrdtType.PNCounter);
        Assert.Equal(IntentOutcome.Applied, counter.Increment(long.MaxValue));
        Assert.Equal(IntentOutcome.Overflow, counter.Increment(1));
        Assert.Equal(IntentOutcome.Applied, counter.Increment(-1));
        Assert.Equal(IntentOutcome.Overflow, counter.Increment(1));
        Assert.Equal(IntentOutcome.Overflow, counter.Increment(long.MinValue));
        Assert.Equal(long.MaxValue - 1, counter.Value);
    }

    [Fact]
    public void Merge_OfIncrementsAtOnceBeyondSixtyFourBits_StaysExact()
    {
        var first = New(CrdtType.GCounter);
        var second = (CounterReplica)MergeableValue.TryLoad(first.Encode(), new ReplicaId(2))!;
        first.Increment(long.MaxValue);
        second.Increment(long.MaxValue);
        Assert.Equal(MergeOutcome.Merged, first.Merge(second.Encode()));
        Assert.Equal((Int128)long.MaxValue * 2, first.Value);
        Assert.Equal(IntentOutcome.Overflow, second.Increment(1));

        Assert.True(first.Collect([second.Self], VersionVector.Empty, 0));
        Assert.Equal((Int128)long.MaxValue * 2, ((CounterReplica)MergeableValue.TryLoad(first.Encode(), new ReplicaId(3))!).Value);
    }

    private static CounterReplica New(CrdtType type) => (CounterReplica)MergeableValue.Create(type, new ReplicaId(1));

    private sealed class CounterWorld(CrdtType type, int replicas) : World<CounterReplica>(type, replicas, collects: true)
    {
        private readonly List<(ReplicaId Replica, ulong Sequence, long Amount)> _increments = [];

        protected override byte[]? Change(CounterReplica replica, byte a, byte b)
        {
            var before = replica.Version;
            var amount = Hub.Type == CrdtType.GCounter ? a : a - 128;
            if (replica.Increment(amount) != IntentOutcome.Applied)
                return null;
            _increments.Add((replica.Self, replica.Version[replica.Self], amount));
            return replica.DeltaSince(before);
        }

        protected override object Read(CounterReplica replica) => replica.Value;

        protected override void AssertModel() =>
            Assert.Equal(_increments.Where(increment => IsIncluded(increment.Replica, increment.Sequence)).Sum(increment => increment.Amount), Hub.Value);
    }
}
