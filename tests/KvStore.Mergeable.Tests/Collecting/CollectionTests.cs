namespace KvStore.Mergeable.Tests;

/// <summary>What the hub collects, and what becomes of those who were away.</summary>
public class CollectionTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task Collect_ManyReplicasThatComeAndGo_LeavesFew()
    {
        var replicas = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 10_000 : 600;
        await using var place = await Place.StartAsync(new MergeableOptions { ReplicaRetention = 3 * Day });
        await place.MergedAsync("n", Ask.Increment(0, CrdtType.GCounter));
        for (var i = 1; i <= replicas; i++)
        {
            var client = (CounterReplica)await place.ReplicaAsync("n", (ulong)i);
            client.Increment(i, out var delta);
            await place.MergedAsync("n", Ask.Sync(client, delta));
            place.Time.Advance(TimeSpan.FromHours(2));
            Assert.InRange((await place.MergedAsync("n", Ask.Increment(0))).Version.Count, 1, 64);
            Assert.InRange(place.Find("n")!.Value.Value.Length, 1, 5_000);
        }

        Assert.Equal($"{(long)replicas * (replicas + 1) / 2}", await place.ReadAsync("n"));
        Assert.InRange(place.Values.Status.RetiredReplicas, replicas - 64, replicas);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Collect_ReplicaThatIsSilent_IsRetiredByTheHub(bool isHub)
    {
        await using var place = await Place.StartAsync(new MergeableOptions { IdleMax = 90 * Day, CollectionInterval = Day });
        var client = (SetReplica)MergeableValue.Create(CrdtType.ORSet, new ReplicaId(1));
        client.Change(["a"], [], null, out _);
        client.Change([], ["a"], null, out _);
        await place.MergedAsync("s", Ask.Delta(client.Encode(), CrdtType.ORSet) with { Hub = isHub ? null : 5 });
        place.Time.Advance(33 * Day);

        // A collection is after the batch that finds it due, and before the next one.
        await place.MergedAsync("s", new MergeRequest(null));
        Assert.Equal(isHub ? 0 : 1, (await place.MergedAsync("s", new MergeRequest(null))).Version.Count);
        Assert.Equal(isHub ? 1 : 0, place.Values.Status.RetiredReplicas);
    }

    [Fact]
    public async Task Collect_DeletedText_IsDroppedWhenAllHaveFollowed()
    {
        await using var place = await Place.StartAsync();
        var created = await place.MergedAsync("t", Ask.Edit(0, new string('a', 10_000), type: CrdtType.Text));
        TextReplica[] clients = [(TextReplica)await place.ReplicaAsync("t", 1), (TextReplica)await place.ReplicaAsync("t", 2)];
        clients[0].Edit([new TextEdit(2_000, null, 8_000)], null, out _);
        clients[1].Edit([new TextEdit(0, "new", 0)], null, out _);
        for (var round = 0; round < 8; round++)
        {
            foreach (var client in clients)
                await SyncAsync(place, client);
            place.Time.Advance(TimeSpan.FromHours(1.5));
        }

        Assert.Equal(MergeRefusal.Collected, await place.RefusedAsync("t", Ask.Edit(0, "x", basis: created.Version)));
        Assert.All(clients, client => Assert.Equal(2_003, client.Length));
        Assert.Equal(clients[0].Encode(), clients[1].Encode());
        Assert.Equal(clients[0].GetText(), await place.ReadAsync("t", MergeableForm.Text));
    }

    [Fact]
    public async Task Collect_ReplicaThatWasAwayTooLong_RepeatsUnderANewId()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("n", Ask.Increment(1, CrdtType.GCounter));
        var client = (CounterReplica)await place.ReplicaAsync("n", 1);
        client.Increment(10, out var first);
        await place.MergedAsync("n", Ask.Sync(client, first));
        client.Increment(100, out var offline);

        place.Time.Advance(31 * Day);
        Assert.Equal(2, (await place.MergedAsync("n", Ask.Increment(1_000))).Version.Count);
        place.Time.Advance(Day);
        await place.MergedAsync("n", Ask.Increment(0));
        Assert.Equal(MergeRefusal.Collected, await place.RefusedAsync("n", Ask.Sync(client, offline)));

        var again = (CounterReplica)await place.ReplicaAsync("n", 2);
        again.Increment(100, out var repeated);
        Assert.Equal((Int128)1_111, (await place.MergedAsync("n", Ask.Sync(again, repeated))).Number);
    }

    [Fact]
    public async Task Collect_ReplicaWithUnsentChanges_PullsThenPushes()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("n", Ask.Increment(1, CrdtType.GCounter));
        var gone = (CounterReplica)await place.ReplicaAsync("n", 1);
        gone.Increment(10, out var change);
        await place.MergedAsync("n", Ask.Sync(gone, change));
        var client = (CounterReplica)await place.ReplicaAsync("n", 2);
        for (var i = 0; i < 40; i++)
        {
            await SyncAsync(place, client);
            place.Time.Advance(Day);
        }

        client.Increment(100, out var unsent);
        Assert.True(place.Values.Status.RetiredReplicas > 0);
        Assert.Equal((Int128)111, (await place.MergedAsync("n", Ask.Sync(client, unsent))).Number);
        await SyncAsync(place, client);
        Assert.Equal((Int128)111, client.Value);
    }

    [Fact]
    public async Task Collect_WhileAnotherProcessChanges_LosesNothing()
    {
        await using var place = await Place.StartAsync(new MergeableOptions { CollectionInterval = 90 * Day });
        await place.MergedAsync("n", Ask.Increment(11, CrdtType.GCounter));
        await using var late = new MergeableValues(place.Store, new MergeableOptions(), place.Time);

        // Both have the same state; the change is committed first, and the collection must not write over it.
        var again = (CounterReplica)await place.ReplicaAsync("n", 2);
        again.Increment(100, out var delta);
        await place.MergedAsync("n", Ask.Delta(delta));
        var gate = place.Log.Block();
        var blocking = place.Store.CommitAsync(Some.Put("blocking"));
        var merging = place.MergeAsync("n", Ask.Increment(1_000));
        place.Time.Advance(40 * Day);
        var asking = late.MergeAsync(Some.Key("n"), new MergeRequest(null), CancellationToken.None).AsTask();
        gate.SetResult();
        await Task.WhenAll(blocking, merging, asking).Within();
        await late.DisposeAsync();
        Assert.Equal("1111", await place.ReadAsync("n"));
    }

    [Fact]
    public async Task Merge_StateOfAHubThatRetiredThisStore_ContinuesUnderANewId()
    {
        await using var hub = await Place.StartAsync();
        await using var region = await Place.StartAsync();
        await hub.MergedAsync("n", Ask.Increment(1, CrdtType.GCounter));
        var state = (await hub.Values.ReadAsync(hub.Find("n")!.Value, null, MergeableForm.Delta, CancellationToken.None))!;
        await region.MergedAsync("n", Ask.Delta(state.Bytes!.Value, CrdtType.GCounter) with { Hub = state.Hub });
        await region.MergedAsync("n", Ask.Increment(10));
        await hub.MergedAsync("n", Ask.Delta(await StateAsync(region)));
        hub.Time.Advance(32 * Day);
        await hub.MergedAsync("n", new MergeRequest(null));
        await Soon.UntilAsync(() => hub.Values.Status.RetiredReplicas == 1);
        await hub.MergedAsync("n", Ask.Increment(100));

        var before = region.Values.ReplicaOf(region.Find("n")!.Value);
        await region.MergedAsync("n", Ask.Delta(await StateAsync(hub)));
        Assert.NotEqual(before, region.Values.ReplicaOf(region.Find("n")!.Value));
        await region.MergedAsync("n", Ask.Increment(1_000));
        await hub.MergedAsync("n", Ask.Delta(await StateAsync(region)));
        Assert.Equal(("1111", "1111"), (await hub.ReadAsync("n"), await region.ReadAsync("n")));

        // A region with changes of its own that the hub does not know cannot continue.
        await using var late = await Place.StartAsync();
        await late.MergedAsync("n", Ask.Delta(state.Bytes!.Value, CrdtType.GCounter) with { Hub = state.Hub });
        await late.MergedAsync("n", Ask.Increment(10_000));
        await hub.MergedAsync("n", Ask.Delta(await StateAsync(late)));
        await late.MergedAsync("n", Ask.Increment(100_000));
        hub.Time.Advance(32 * Day);
        await hub.MergedAsync("n", new MergeRequest(null));
        await Soon.UntilAsync(() => hub.Values.Status.RetiredReplicas >= 2);
        Assert.Equal(MergeRefusal.Collected, await late.RefusedAsync("n", Ask.Delta(await StateAsync(hub))));
        Assert.Equal("110001", await late.ReadAsync("n"));
    }

    [Fact]
    public void Acknowledge_OfMoreThanIsIncluded_DoesNotCount()
    {
        // The replica typed below what it says to know as deleted; the hub lacks that, and must not drop the place.
        var hub = (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(1));
        hub.Edit([new TextEdit(0, "abcdef", 0)], null, out _);
        var client = (TextReplica)MergeableValue.TryLoad(hub.Encode(), new ReplicaId(2))!;
        hub.Edit([new TextEdit(1, null, 5)], null, out _);
        client.Edit([new TextEdit(3, "X", 0)], null, out var unsent);
        client.Merge(hub.DeltaSince(client.Version)!);

        var membership = new Membership(new StoredValue(0, 0, [], [], default, 0));
        for (var round = 0; round < 4; round++)
        {
            client.Merge(hub.DeltaSince(client.Version) ?? hub.Encode());
            membership.Acknowledge(client.Self, client.Version, hub.Version, 0);
            membership.TryCollect(hub, new HashSet<ReplicaId>(), 0, 30, out _);
        }

        Assert.Equal(MergeOutcome.Merged, hub.Merge(unsent));
        Assert.Equal("aX", hub.GetText());
    }

    [Fact]
    public void Acknowledgements_OfManyReplicas_TakeBoundedMemory()
    {
        var hub = (CounterReplica)MergeableValue.Create(CrdtType.GCounter, new ReplicaId(1));
        hub.Increment(1, out _);
        for (var i = 2UL; i <= 400; i++)
        {
            var client = (CounterReplica)MergeableValue.TryLoad(hub.Encode(), new ReplicaId(i))!;
            client.Increment(1, out var delta);
            hub.Merge(delta);
        }

        var membership = new Membership(new StoredValue(0, 0, [], [], default, 0));
        for (var i = 2UL; i <= 400; i++)
            membership.Acknowledge(new ReplicaId(i), hub.Version, hub.Version, 0);
        Assert.InRange(membership.MemoryBytes, 1, 2 << 20);
    }

    [Fact]
    public async Task Acknowledgements_OfReadersWithoutNumber_AreNotStored()
    {
        await using var place = await Place.StartAsync();
        var version = (await place.MergedAsync("t", Ask.Edit(0, new string('a', 30_000), type: CrdtType.Text))).Version;
        for (var i = 1UL; i <= 60_000; i++)
            await place.Values.MergeAsync(Some.Key("t"), new MergeRequest(null) { Replica = new ReplicaId(i), Since = version }, CancellationToken.None);
        Assert.InRange(place.Store.Memory.Crdt.Bytes, 1, 20 << 20);
        for (var i = 0; i < 8; i++)
            await place.MergedAsync("t", Ask.Edit(0, new string('b', 10_000)));
        Assert.True(place.Values.Status.Rewrites > 0);
        Assert.InRange(place.Find("t")!.Value.Value.Length, 110_000, 120_000);
    }

    private static async Task<ReadOnlyMemory<byte>> StateAsync(Place place) =>
        (await place.Values.ReadAsync(place.Find("n")!.Value, null, MergeableForm.Delta, CancellationToken.None))!.Bytes!.Value;

    private static async Task SyncAsync(Place place, CrdtReplica client)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var merged = await place.MergedAsync(client is TextReplica ? "t" : "n", Ask.Sync(client, client.Encode()));
            if (merged.Delta is not { } delta)
                return;
            Assert.True(client.Merge(delta.Span) is MergeOutcome.Merged or MergeOutcome.Unchanged);
        }
    }
}
