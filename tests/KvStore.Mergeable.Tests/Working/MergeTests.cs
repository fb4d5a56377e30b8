namespace KvStore.Mergeable.Tests;

public class MergeTests
{
    [Theory]
    [InlineData(CrdtType.GCounter, "3")]
    [InlineData(CrdtType.PNCounter, "3")]
    [InlineData(CrdtType.GSet, """["a","é"]""")]
    [InlineData(CrdtType.ORSet, """["a","é"]""")]
    [InlineData(CrdtType.Text, "\"aé\\\"\"")]
    public async Task Merge_EveryType_IsCreatedChangedAndRead(CrdtType type, string json)
    {
        await using var place = await Place.StartAsync();
        MergeRequest[] requests = type switch
        {
            CrdtType.GCounter or CrdtType.PNCounter => [Ask.Increment(1, type), Ask.Increment(2)],
            CrdtType.GSet or CrdtType.ORSet => [Ask.Elements(["é"], [], type), Ask.Elements(["a"], [])],
            _ => [Ask.Edit(0, "é\"", type: type), Ask.Edit(0, "a")],
        };

        Assert.Equal(MergeRefusal.Absent, await place.RefusedAsync("k", requests[1]));
        var created = await place.MergedAsync("k", requests[0]);
        var changed = await place.MergedAsync("k", requests[1]);

        Assert.Equal((true, false, type), (created.IsCreated, changed.IsCreated, changed.Type));
        Assert.Equal(changed.Revision, place.Find("k")!.Value.Revision);
        Assert.Equal(created.Revision, place.Find("k")!.Value.CreatedRevision);
        Assert.True(changed.Version.Covers(created.Version) && !created.Version.Covers(changed.Version));
        Assert.Equal(json, await place.ReadAsync("k"));
        Assert.Equal(Entry.MergeableContentType, place.Find("k")!.Value.ContentType);
        Assert.Equal(json, await ReadElsewhereAsync(place));
        var text = await place.Values.ReadAsync(place.Find("k")!.Value, null, MergeableForm.Text, TestContext.Current.CancellationToken);
        Assert.Equal(type is CrdtType.GSet or CrdtType.ORSet, text!.Bytes is null);
        Assert.Null((await place.Values.ReadAsync(place.Find("k")!.Value, changed.Version, MergeableForm.Delta, TestContext.Current.CancellationToken))!.Bytes);
    }

    [Fact]
    public async Task Merge_ClientReplica_BothGetWhatTheyLack()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("k", Ask.Edit(0, "ab", type: CrdtType.Text));
        var client = (TextReplica)await place.ReplicaAsync("k", 1);
        client.Edit([new TextEdit(2, "c", 0)], null, out var delta);
        await place.MergedAsync("k", Ask.Edit(0, ">"));

        var merged = await place.MergedAsync("k", Ask.Sync(client, delta));
        Assert.Equal(MergeOutcome.Merged, client.Merge(merged.Delta!.Value.Span));
        Assert.Equal((">abc", "\">abc\""), (client.GetText(), await place.ReadAsync("k")));
        Assert.Equal(merged.Version, client.Version);

        var again = await place.MergedAsync("k", Ask.Sync(client, delta));
        Assert.Equal((merged.Revision, null), (again.Revision, again.Delta));
    }

    [Fact]
    public async Task Merge_StateOfAClientOntoNothing_KeepsItsLineage()
    {
        await using var place = await Place.StartAsync();
        var client = (CounterReplica)MergeableValue.Create(CrdtType.PNCounter, new ReplicaId(1));
        client.Increment(-4, out _);
        Assert.Equal(MergeRefusal.Absent, await place.RefusedAsync("k", Ask.Delta(client.Encode())));
        Assert.Equal(MergeRefusal.OtherType, await place.RefusedAsync("k", Ask.Delta(client.Encode(), CrdtType.Text)));
        Assert.Equal(MergeRefusal.Malformed, await place.RefusedAsync("k", Ask.Delta(new byte[9], CrdtType.Text)));
        client.Increment(-1, out var delta);
        Assert.Equal(MergeRefusal.Gap, await place.RefusedAsync("k", Ask.Delta(delta, CrdtType.PNCounter)));
        Assert.Equal(MergeRefusal.Absent, await place.RefusedAsync("k", new MergeRequest(null) { Type = CrdtType.PNCounter }));

        var merged = await place.MergedAsync("k", Ask.Delta(client.Encode(), CrdtType.PNCounter) with { Hub = 77 });
        Assert.Equal((true, (Int128)(-5), client.Lineage), (merged.IsCreated, merged.Number, merged.Lineage));
        var read = await place.Values.ReadAsync(place.Find("k")!.Value, null, MergeableForm.Delta, TestContext.Current.CancellationToken);
        Assert.Equal((77UL, client.Lineage), (read!.Hub, read.Lineage));
        Assert.Equal(MergeRefusal.OtherLineage, await place.RefusedAsync("k", Ask.Increment(1) with { Lineage = client.Lineage + 1 }));
    }

    [Fact]
    public async Task Merge_PullOfAReplicaWithALowerHub_ChangesTheHub()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("k", Ask.Edit(0, "ab", type: CrdtType.Text));
        var client = await place.ReplicaAsync("k", 1);
        var merged = await place.MergedAsync("k", Ask.Sync(client) with { Hub = 1 });
        Assert.Equal(place.Find("k")!.Value.Revision, merged.Revision);
        var read = await place.Values.ReadAsync(place.Find("k")!.Value, null, MergeableForm.None, TestContext.Current.CancellationToken);
        Assert.Equal((1UL, "\"ab\""), (read!.Hub, await place.ReadAsync("k")));
    }

    [Fact]
    public async Task Merge_WhatCannotBe_IsRefusedAndChangesNothing()
    {
        await using var place = await Place.StartAsync();
        await place.Store.CommitAsync(Some.Put("ordinary"));
        await place.MergedAsync("n", Ask.Increment(long.MaxValue, CrdtType.GCounter));
        await place.MergedAsync("s", Ask.Elements(["a"], [], CrdtType.GSet));
        await place.MergedAsync("t", Ask.Edit(0, "abc", type: CrdtType.Text));
        var before = States.Describe(place.Store.Latest);

        Assert.Equal(MergeRefusal.NotMergeable, await place.RefusedAsync("ordinary", Ask.Increment(1, CrdtType.GCounter)));
        Assert.Equal(MergeRefusal.Overflow, await place.RefusedAsync("n", Ask.Increment(1)));
        Assert.Equal(MergeRefusal.Unsupported, await place.RefusedAsync("n", Ask.Increment(-1)));
        Assert.Equal(MergeRefusal.Unsupported, await place.RefusedAsync("n", Ask.Edit(0, "x")));
        Assert.Equal(MergeRefusal.Unsupported, await place.RefusedAsync("s", Ask.Elements([], ["a"])));
        Assert.Equal(MergeRefusal.InvalidText, await place.RefusedAsync("s", Ask.Elements(["\ud800"], [])));
        Assert.Equal(MergeRefusal.OutOfRange, await place.RefusedAsync("t", Ask.Edit(4, "x")));
        Assert.Equal(MergeRefusal.OtherType, await place.RefusedAsync("t", Ask.Edit(0, "x", type: CrdtType.GSet)));
        Assert.Equal(MergeRefusal.OtherLineage, await place.RefusedAsync("t", Ask.Delta(MergeableValue.Create(CrdtType.Text, new ReplicaId(5)).Encode())));
        Assert.Equal(MergeRefusal.OtherType, await place.RefusedAsync("t", Ask.Delta(MergeableValue.Create(CrdtType.GSet, new ReplicaId(5)).Encode())));
        Assert.Equal(MergeRefusal.Malformed, await place.RefusedAsync("t", Ask.Delta(new byte[] { 1, 2, 3 })));
        Assert.Equal(MergeRefusal.Unsupported, await place.RefusedAsync("new", Ask.Increment(-1, CrdtType.GCounter)));
        Assert.Equal(before, States.Describe(place.Store.Latest));
    }

    [Fact]
    public async Task Merge_GapAndFork_AreRefusedWithTheVersion()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("k", Ask.Increment(1, CrdtType.GCounter));
        var client = (CounterReplica)await place.ReplicaAsync("k", 1);
        client.Increment(1, out var first);
        client.Increment(1, out var second);
        var gap = Assert.IsType<MergeResult.Refused>(await place.MergeAsync("k", Ask.Delta(second)));
        Assert.Equal((MergeRefusal.Gap, 0UL), (gap.Reason, gap.Version![client.Self]));
        await place.MergedAsync("k", Ask.Delta(client.DeltaSince(gap.Version)!));

        var other = (CounterReplica)await place.ReplicaAsync("k", 9);
        var copy = (CounterReplica)MergeableValue.TryLoad(other.Encode(), client.Self)!;
        copy.Increment(5, out _);
        client.Increment(1, out var third);
        await place.MergedAsync("k", Ask.Delta(third));
        Assert.Equal(MergeRefusal.Forked, await place.RefusedAsync("k", Ask.Delta(copy.DeltaSince(gap.Version)!)));
        Assert.Equal("4", await place.ReadAsync("k"));
        Assert.NotEmpty(first);
    }

    [Fact]
    public async Task Merge_Expiry_IsSetChangedAndKept()
    {
        await using var place = await Place.StartAsync();
        var at = place.Time.GetUtcNow().AddDays(1);
        await place.MergedAsync("k", Ask.Increment(1, CrdtType.GCounter) with { Expiry = ExpiryUpdate.At(at) });
        await place.MergedAsync("k", Ask.Increment(1));
        Assert.Equal(at, place.Find("k")!.Value.ExpiresAt);
        var before = place.Find("k")!.Value.Revision;
        var merged = await place.MergedAsync("k", new MergeRequest(null) { Expiry = ExpiryUpdate.Never });
        Assert.Null(place.Find("k")!.Value.ExpiresAt);
        Assert.True(merged.Revision > before);
        await place.MergedAsync("k", Ask.Increment(1) with { Expiry = ExpiryUpdate.At(at) });
        Assert.Equal((at, "3"), (place.Find("k")!.Value.ExpiresAt, await place.ReadAsync("k")));
    }

    [Fact]
    public async Task Merge_KeystrokeInALargeText_AppendsFewBytes()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("k", Ask.Edit(0, new string('x', 100_000), type: CrdtType.Text));
        var random = Seed.NewRandom();
        for (var i = 0; i < 200; i++)
        {
            var before = place.Find("k")!.Value;
            await place.MergedAsync("k", Ask.Edit(random.Next(100_000), "y"));
            Assert.InRange(place.Find("k")!.Value.Value.Length - before.Value.Length, 1, 64);
        }

        Assert.Equal(0, place.Values.Status.Rewrites);
    }

    [Fact]
    public async Task DeltasBetween_Commits_BringAWatcherUpToDate()
    {
        await using var place = await Place.StartAsync();
        Entry? last = null;
        CrdtReplica? watcher = null;
        for (var i = 0; i < 300; i++)
        {
            await place.MergedAsync("k", Ask.Edit(0, new string((char)('a' + (i % 26)), 1 + (i % 100)), type: CrdtType.Text));
            var entry = place.Find("k")!.Value;
            foreach (var delta in MergeableValues.DeltasBetween(last, entry)!)
            {
                if (watcher is null)
                    watcher = MergeableValue.TryLoad(delta.Span, new ReplicaId(1));
                else
                    Assert.Equal(MergeOutcome.Merged, watcher.Merge(delta.Span));
            }

            last = entry;
        }

        Assert.True(place.Values.Status.Rewrites >= 1);
        Assert.Equal(await place.ReadAsync("k", MergeableForm.Text), ((TextReplica)watcher!).GetText());
        await place.Store.CommitAsync(Some.Delete("k"));
        await place.MergedAsync("k", Ask.Edit(0, "again", type: CrdtType.Text));
        Assert.Null(MergeableValues.DeltasBetween(last, place.Find("k")!.Value));
    }

    // By values that have nothing decoded.
    private static async Task<string> ReadElsewhereAsync(Place place)
    {
        await using var other = new MergeableValues(place.Store, new MergeableOptions(), place.Time);
        var read = await other.ReadAsync(place.Find("k")!.Value, null, MergeableForm.Json, TestContext.Current.CancellationToken);
        return System.Text.Encoding.UTF8.GetString(read!.Bytes!.Value.Span);
    }
}
