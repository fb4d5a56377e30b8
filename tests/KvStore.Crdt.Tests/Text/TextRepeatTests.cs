namespace KvStore.Crdt.Tests;

/// <summary>What a replica did is repeated under another id, after its own id was retired and garbage was collected.</summary>
public sealed class TextRepeatTests
{
    private int _next = 0x4E00;

    // Every character occurs once. Without those that one side inserted, the result is what the other side had, less what was deleted; so all are at their places.
    [Fact]
    public async Task Repeat_OnAStateWithOtherChanges_KeepsEveryPlace() => await Seed.ForEachAsync(500, seed =>
    {
        var random = new Random(seed);
        _next = 0x4E00;
        var hub = (TextReplica)MergeableValue.Create(CrdtType.Text, ReplicaId.Create());
        var lost = (TextReplica)MergeableValue.TryLoad(hub.Encode(), ReplicaId.Create())!;
        for (var i = random.Next(5); i >= 0; i--)
        {
            Edit(hub, random);
            Edit(lost, random);
            hub.Merge(lost.DeltaSince(hub.Version)!);
            lost.Merge(hub.DeltaSince(lost.Version)!);
        }

        // What the replica has not sent: from here on the hub knows nothing of it, and collects.
        var sent = lost.Version[lost.Self];
        var common = lost.GetText();
        for (var i = random.Next(6); i >= 0; i--)
            Edit(lost, random);
        for (var i = random.Next(6); i > 0; i--)
        {
            Edit(hub, random);
            if (random.Next(2) == 0)
                hub.Collect([lost.Self], hub.Version, 0);
        }

        var (lostText, hubText) = (lost.GetText(), hub.GetText());
        var fresh = (TextReplica)MergeableValue.TryLoad(hub.Encode(), ReplicaId.Create())!;
        fresh.Repeat(lost, lost.Self, sent);
        var result = fresh.GetText();
        var (ofLost, ofHub) = (lostText.Except(common).ToHashSet(), hubText.Except(common).ToHashSet());
        var deleted = common.Except(lostText).Concat(common.Except(hubText)).ToHashSet();
        Assert.Equal(result.Length, result.Distinct().Count());
        Assert.Equal(hubText.Where(c => !deleted.Contains(c)), result.Where(c => !ofLost.Contains(c)));
        Assert.Equal(lostText.Where(c => !deleted.Contains(c)), result.Where(c => !ofHub.Contains(c)));
        return Task.CompletedTask;
    });

    [Fact]
    public void Repeat_OnAnotherLineage_InsertsFirst()
    {
        var one = (TextReplica)MergeableValue.Create(CrdtType.Text, ReplicaId.Create());
        one.Insert(0, "one");
        one.Delete(1, 1);
        var other = (TextReplica)MergeableValue.Create(CrdtType.Text, one.Self);
        other.Insert(0, "other");
        other.Repeat(one, one.Self, 0);
        Assert.Equal("oeother", other.GetText());
    }

    // The same numbers have other characters there: a copy of the replica was used.
    [Fact]
    public void Repeat_WithTheSameNumbersOnBothSides_KeepsBoth()
    {
        var one = (TextReplica)MergeableValue.Create(CrdtType.Text, ReplicaId.Create());
        one.Insert(0, "ab");
        var copy = (TextReplica)MergeableValue.TryLoad(one.Encode(), one.Self)!;
        one.Insert(1, "XY");
        one.Delete(2, 1);
        copy.Insert(2, "12");
        copy.Delete(3, 1);
        copy.Delete(0, 1);
        var fresh = (TextReplica)MergeableValue.TryLoad(one.Encode(), ReplicaId.Create())!;
        fresh.Repeat(copy, copy.Self, 2);
        Assert.Equal("Xb1", fresh.GetText());
    }

    [Fact]
    public void ChangesOf_ADroppedReplica_AreKnownUntilItIsForgotten()
    {
        var hub = (CounterReplica)MergeableValue.Create(CrdtType.PNCounter, ReplicaId.Create());
        var other = (CounterReplica)MergeableValue.TryLoad(hub.Encode(), ReplicaId.Create())!;
        other.Increment(1);
        other.Increment(1);
        hub.Merge(other.Encode());
        Assert.Equal(2UL, hub.ChangesOf(other.Self));
        hub.Collect([other.Self], hub.Version, 0);
        Assert.Equal((0UL, 2UL), (hub.Version[other.Self], hub.ChangesOf(other.Self)));
        Assert.Equal(2UL, MergeableValue.TryLoad(hub.Encode(), ReplicaId.Create())!.ChangesOf(other.Self));
        hub.Collect([], hub.Version, 1);
        Assert.Equal(0UL, hub.ChangesOf(other.Self));
    }

    [Fact]
    public void TryReadVersion_OfADelta_IsWhatItEndsWith()
    {
        var one = (CounterReplica)MergeableValue.Create(CrdtType.PNCounter, ReplicaId.Create());
        one.Increment(1);
        var before = one.Version;
        var other = (CounterReplica)MergeableValue.TryLoad(one.Encode(), ReplicaId.Create())!;
        other.Increment(1);
        other.Increment(1);
        Assert.Equal(other.Version, MergeableValue.TryReadVersion(other.Encode()));
        Assert.Equal(other.Version.Beyond(before), MergeableValue.TryReadVersion(other.DeltaSince(before)));
        Assert.Null(MergeableValue.TryReadVersion([1, 2, 3]));
    }

    private void Edit(TextReplica text, Random random)
    {
        var count = random.Next(1, 6);
        if (random.Next(3) == 0)
            text.Delete(random.Next(Math.Max(1, text.Length - count + 1)), Math.Min(count, text.Length));
        else
            text.Insert(random.Next(text.Length + 1), string.Concat(Enumerable.Range(0, count).Select(_ => (char)_next++)));
    }
}
