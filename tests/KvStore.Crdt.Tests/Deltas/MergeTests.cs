namespace KvStore.Crdt.Tests;

/// <summary>What every type has in common.</summary>
public sealed class MergeTests
{
    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Merge_OfStates_CommutesAndRepeats(CrdtType type)
    {
        var (first, second) = Samples.TwoOf(type);
        var (a, b) = (first.Encode(), second.Encode());
        Assert.Equal(MergeOutcome.Merged, first.Merge(b));
        Assert.Equal(MergeOutcome.Merged, second.Merge(a));
        Assert.Equal(first.Encode(), second.Encode());
        Assert.Equal(MergeOutcome.Unchanged, first.Merge(b));
        Assert.Equal(MergeOutcome.Unchanged, first.Merge(first.Encode()));
        Assert.Equal(first.Encode(), second.Encode());
    }

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Merge_OfAnotherLineage_IsRefused(CrdtType type)
    {
        // Seeded twice, a document would have its text twice.
        var (first, second) = (MergeableValue.Create(type, new ReplicaId(1)), MergeableValue.Create(type, new ReplicaId(2)));
        Samples.Change(first, 0);
        Samples.Change(second, 0);
        var before = first.Encode();
        Assert.Equal(MergeOutcome.OtherLineage, first.Merge(second.Encode()));
        Assert.Equal(before, first.Encode());
    }

    [Fact]
    public void Merge_OfAnotherType_IsRefused() => Assert.Equal(
        MergeOutcome.OtherType,
        MergeableValue.Create(CrdtType.GCounter, new ReplicaId(1)).Merge(MergeableValue.Create(CrdtType.ORSet, new ReplicaId(2)).Encode()));

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Merge_WithAGap_IsRefusedUntilItIsFilled(CrdtType type)
    {
        var (first, second) = Samples.TwoOf(type);
        var between = second.Version;
        var missing = second.DeltaSince(first.Version)!;
        Samples.Change(second, 5);
        var late = second.DeltaSince(between)!;
        Assert.Equal(MergeOutcome.Gap, first.Merge(late));
        Assert.Equal(MergeOutcome.Merged, first.Merge(missing));
        Assert.Equal(MergeOutcome.Merged, first.Merge(late));
        Assert.True(first.Version.Covers(second.Version));
    }

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Merge_OfTwoHistoriesUnderOneId_IsRefused(CrdtType type)
    {
        var (first, _) = Samples.TwoOf(type);
        var (one, other) = (Samples.Load(first.Encode(), 7), Samples.Load(first.Encode(), 7));
        Samples.Change(one, 10);
        Samples.Change(other, 11);
        Assert.Equal(MergeOutcome.Merged, first.Merge(one.Encode()));
        Assert.Equal(MergeOutcome.Forked, first.Merge(other.Encode()));
        Samples.Change(one, 12);
        Assert.Equal(MergeOutcome.Forked, other.Merge(one.Encode()));
    }

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void DeltaSince_TheLatestVersion_IsSmallAndChangesNothing(CrdtType type)
    {
        var (first, second) = Samples.TwoOf(type);
        Assert.Equal(MergeOutcome.Merged, second.Merge(first.Encode()));
        Assert.Equal(MergeOutcome.Unchanged, first.Merge(first.DeltaSince(first.Version)!));
        Assert.InRange(first.DeltaSince(first.Version)!.Length, 1, 48);
    }

    [Fact]
    public void TryLoad_ADelta_IsRefused()
    {
        var (first, second) = Samples.TwoOf(CrdtType.ORSet);
        Assert.Null(MergeableValue.TryLoad(first.DeltaSince(second.Version), new ReplicaId(9)));
    }

    [Fact]
    public void Collect_OfItselfOrTheUnseen_Throws()
    {
        var (first, second) = Samples.TwoOf(CrdtType.GCounter);
        Assert.Throws<ArgumentException>(() => first.Collect([first.Self], VersionVector.Empty, 0));
        Assert.Throws<ArgumentException>(() => first.Collect([], second.Version, 0));
    }

    [Fact]
    public void Merge_OfAReplicaThatWasDropped_TellsNewChangesFromThoseThatAreIncluded()
    {
        var hub = MergeableValue.Create(CrdtType.PNCounter, new ReplicaId(1));
        var retired = Samples.Load(hub.Encode(), 2);
        Samples.Change(retired, 0);
        var included = retired.Encode();
        Assert.Equal(MergeOutcome.Merged, hub.Merge(included));
        Assert.True(hub.Collect([retired.Self], VersionVector.Empty, 0));
        Assert.Equal(MergeOutcome.Unchanged, hub.Merge(included));

        Samples.Change(retired, 1);
        Assert.Equal(MergeOutcome.Collected, hub.Merge(retired.Encode()));
        Assert.Equal(MergeOutcome.Outdated, retired.Merge(hub.Encode()));
        Assert.Null(MergeableValue.TryLoad(hub.Encode(), retired.Self));

        // Once the names of the dropped are forgotten, everything that is older is refused.
        var late = Samples.Load(included, 3);
        Assert.True(hub.Collect([], VersionVector.Empty, hub.Epoch));
        Assert.Equal(MergeOutcome.Collected, hub.Merge(included));
        Assert.Null(hub.DeltaSince(late.Version));
        Assert.Equal(MergeOutcome.Outdated, late.Merge(hub.Encode()));
    }

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void MergeStored_OfOwnChanges_RestoresTheReplica(CrdtType type)
    {
        var (replica, _) = Samples.TwoOf(type);
        var (state, at) = (replica.Encode(), replica.Version);
        Samples.Change(replica, 5);
        var first = replica.DeltaSince(at)!;
        at = replica.Version;
        Samples.Change(replica, 6);
        var second = replica.DeltaSince(at)!;

        var restored = Samples.Load(state, replica.Self.Value);
        Assert.Equal(MergeOutcome.Forked, restored.Merge(first));
        Assert.Equal(MergeOutcome.Gap, restored.MergeStored(second));
        Assert.Equal(MergeOutcome.Merged, restored.MergeStored(first));
        Assert.Equal(MergeOutcome.Merged, restored.MergeStored(second));
        Assert.Equal(replica.Encode(), restored.Encode());
        Samples.Change(replica, 7);
        Samples.Change(restored, 7);
        Assert.Equal(replica.Encode(), restored.Encode());
    }

    [Fact]
    public void Merge_OfALaterEpoch_IsRefusedByTheHub()
    {
        var hub = MergeableValue.Create(CrdtType.PNCounter, new ReplicaId(1));
        hub.IsHub = true;
        Samples.Change(hub, 0);
        var (forged, visitor) = (Samples.Load(hub.Encode(), 2), Samples.Load(hub.Encode(), 3));
        Samples.Change(forged, 1);
        Assert.Equal(MergeOutcome.Merged, hub.Merge(forged.Encode()));
        Assert.True(visitor.Merge(forged.Encode()) == MergeOutcome.Merged && visitor.Collect([forged.Self], VersionVector.Empty, 0));
        var before = hub.Encode();
        Assert.Equal(MergeOutcome.Collected, hub.Merge(visitor.Encode()));
        Assert.Equal(before, hub.Encode());
        hub.IsHub = false;
        Assert.Equal(MergeOutcome.Merged, hub.Merge(visitor.Encode()));
    }

    [Fact]
    public void Collect_OfManyReplicas_ShrinksTheState()
    {
        var counter = MergeableValue.Create(CrdtType.GCounter, new ReplicaId(1));
        Samples.Change(counter, 0);
        var size = counter.Encode().Length;
        for (var i = 2UL; i < 1000; i++)
        {
            var visitor = Samples.Load(counter.Encode(), i);
            Samples.Change(visitor, 0);
            Assert.Equal(MergeOutcome.Merged, counter.Merge(visitor.Encode()));
            Assert.True(counter.Collect([visitor.Self], VersionVector.Empty, counter.Epoch));
        }

        Assert.Equal(1, counter.Version.Count);
        Assert.InRange(counter.Encode().Length, size, size + 24);
        Assert.Equal(999, ((CounterReplica)counter).Value);
    }
}
