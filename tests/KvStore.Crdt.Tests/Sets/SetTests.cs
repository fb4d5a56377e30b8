namespace KvStore.Crdt.Tests;

public sealed class SetTests
{
    [Theory]
    [InlineData(CrdtType.GSet)]
    [InlineData(CrdtType.ORSet)]
    public void Histories_OfSeveralReplicas_AreAsTheModel(CrdtType type) =>
        Histories.Check(1000, history => new SetWorld(type, 2 + (history.Length % 4)).Run(history));

    [Fact]
    public void Change_AdditionAndRemovalAtOnce_KeepsTheElement()
    {
        var first = New(CrdtType.ORSet);
        first.Change(["x"], [], null, out _);
        var second = Load(first, 2);
        Assert.Equal(IntentOutcome.Applied, first.Change([], ["x"], null, out var removal));
        Assert.Equal(IntentOutcome.Applied, second.Change(["x"], [], null, out var addition));

        Assert.Equal(MergeOutcome.Merged, first.Merge(addition));
        Assert.Equal(MergeOutcome.Merged, second.Merge(removal));
        Assert.Equal(["x"], first.Elements);
        Assert.Equal(first.Encode(), second.Encode());
    }

    [Fact]
    public void Change_RemovalWithAContext_CoversWhatTheContextHas()
    {
        var set = New(CrdtType.ORSet);
        set.Change(["x"], [], null, out _);
        var seen = set.Version;
        set.Change(["x"], [], null, out _);
        Assert.Equal(IntentOutcome.Unchanged, set.Change([], ["x"], seen, out var delta));
        Assert.Empty(delta);
        Assert.Equal(IntentOutcome.Applied, set.Change([], ["x"], set.Version, out _));
        Assert.Empty(set.Elements);
    }

    [Fact]
    public void Change_RemovedElements_LeaveNothingBehind()
    {
        var set = New(CrdtType.ORSet);
        set.Change([], [], null, out _);
        for (var i = 0; i < 1000; i++)
        {
            set.Change([$"element {i}"], [], null, out _);
            set.Change([], [$"element {i}"], null, out var delta);
            Assert.InRange(delta.Length, 1, 48);
        }

        Assert.InRange(set.Encode().Length, 1, 48);
    }

    [Fact]
    public void Merge_ForgedRemovalWithoutAChange_RemovesNothing()
    {
        var set = New(CrdtType.ORSet);
        set.Change(["x"], [], null, out _);
        var writer = new DeltaWriter();
        new DeltaHeader(CrdtType.ORSet, set.Lineage, 0, null, [new Interval(set.Self, 1, 1)]).Write(writer);
        foreach (var number in (ulong[])[0, 1, 0, 0])
            writer.WriteNumber(number);

        Assert.Equal(MergeOutcome.Unchanged, set.Merge(writer.Written));
        Assert.Equal(["x"], set.Elements);
    }

    [Fact]
    public void Change_HalfASurrogatePair_IsRefused() =>
        Assert.Equal(IntentOutcome.InvalidText, New(CrdtType.ORSet).Change(["\ud83d"], [], null, out _));

    [Fact]
    public void Change_RemovalFromAGrowingSet_IsUnsupported() =>
        Assert.Equal(IntentOutcome.Unsupported, New(CrdtType.GSet).Change([], ["x"], null, out _));

    private static SetReplica New(CrdtType type) => (SetReplica)MergeableValue.Create(type, new ReplicaId(1));

    private static SetReplica Load(SetReplica other, ulong id) => (SetReplica)MergeableValue.TryLoad(other.Encode(), new ReplicaId(id))!;

    /// <summary>An element is there if an addition of it is included that no included change of the element had seen.</summary>
    private sealed class SetWorld(CrdtType type, int replicas) : World<SetReplica>(type, replicas, collects: true)
    {
        private readonly List<(Dot Dot, string Element, bool IsAddition, VersionVector Seen)> _changes = [];

        protected override byte[]? Change(SetReplica replica, byte a, byte b)
        {
            var element = $"{(char)('a' + (a % 6))}";
            var isAddition = Hub.Type == CrdtType.GSet || a % 2 == 0 || b > 160;
            var context = b % 8 == 0 && !isAddition ? Replicas[b / 8 % Replicas.Count].Version : null;
            var seen = context is null ? replica.Version : replica.Version.Meet(context);
            if (replica.Change(isAddition ? [element] : [], isAddition ? [] : [element], context, out var delta) != IntentOutcome.Applied)
                return null;
            _changes.Add((new Dot(replica.Self, replica.Version[replica.Self]), element, isAddition, seen));
            return delta;
        }

        protected override object Read(SetReplica replica) => string.Join(' ', replica.Elements);

        protected override void AssertModel()
        {
            var included = _changes.Where(change => IsIncluded(change.Dot.Replica, change.Dot.Sequence)).ToArray();
            Assert.Equal(
                included.Where(addition => addition.IsAddition && !included.Any(later => later.Element == addition.Element && later.Seen[addition.Dot.Replica] >= addition.Dot.Sequence))
                    .Select(addition => addition.Element).Distinct().Order(StringComparer.Ordinal),
                Hub.Elements);
        }
    }
}
