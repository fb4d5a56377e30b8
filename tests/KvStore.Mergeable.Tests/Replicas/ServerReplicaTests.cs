namespace KvStore.Mergeable.Tests;

/// <summary>A replica id never gets two histories.</summary>
public class ServerReplicaTests
{
    [Fact]
    public void Id_OfAStoreAPeriodAndACreation_IsItsOwn()
    {
        var store = StoreId.Create();
        ReplicaId[] ids =
        [
            ServerReplica.IdOf(store, 5, 1), ServerReplica.IdOf(store, 1 << 24, 1), ServerReplica.IdOf(store, 5, 2), ServerReplica.IdOf(StoreId.Create(), 5, 1),
        ];
        Assert.Equal(4, ids.Distinct().Count());
        Assert.Equal(ids[0], ServerReplica.IdOf(store, (1 << 24) - 1, 1));
        Assert.Equal([ids[0]], ServerReplica.FormerIds(store, 1 << 24, 1));
        Assert.Empty(ServerReplica.FormerIds(store, 5, 1));
    }

    [Fact]
    public async Task Merge_AfterAJump_ChangesUnderANewId()
    {
        var time = new FakeTimeProvider();
        var log = new FakeCommitLog(time);
        await using var place = await Place.StartAsync(log: log, time: time);
        var before = (await place.MergedAsync("n", Ask.Increment(1, CrdtType.GCounter))).Version;

        // As if commits had been lost: the revisions jump, and what this process has decoded may be of a history that is gone.
        await JumpAsync(place, 1L << 24);
        var after = (await place.MergedAsync("n", Ask.Increment(2))).Version;
        Assert.Equal(2, after.Count);
        Assert.True(after.Covers(before));
        Assert.Equal("3", await place.ReadAsync("n"));

        // The hub retires the former one without a delay.
        time.Advance(TimeSpan.FromHours(1));
        await Soon.UntilAsync(() => place.Values.Status.RetiredReplicas == 1);
        Assert.Equal(1, (await place.MergedAsync("n", Ask.Increment(4))).Version.Count);
        Assert.Equal("7", await place.ReadAsync("n"));
    }

    [Fact]
    public async Task Merge_AfterAnImportOfAnOldState_ChangesUnderANewId()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("n", Ask.Increment(1, CrdtType.GCounter));
        var old = place.Find("n")!.Value.Value.ToArray();
        await place.MergedAsync("n", Ask.Increment(2));
        var client = await place.ReplicaAsync("n", 1);
        await place.Store.CommitAsync(Some.Delete("n"));

        var draft = new EntryDraft(Some.Key("n"), old.Length, Entry.MergeableContentType, null);
        MergeableValues.TryRenew(old)!.CopyTo(draft.Value);
        await place.Store.CommitAsync(new Put(draft) { IsRewrite = true });
        await place.MergedAsync("n", Ask.Increment(10));

        // The client has a change of the id that the store had before, and the store now has others of its own.
        var merged = await place.MergedAsync("n", Ask.Delta(client.Encode()) with { Since = client.Version });
        Assert.Equal((Int128)13, merged.Number);
        Assert.Equal(MergeOutcome.Merged, client.Merge(merged.Delta!.Value.Span));
        Assert.Equal((Int128)13, ((CounterReplica)client).Value);
    }

    [Fact]
    public async Task Merge_StateThatNamesTheStore_ChangesUnderANewId()
    {
        await using var place = await Place.StartAsync();
        await place.MergedAsync("n", Ask.Increment(1, CrdtType.GCounter));
        var behind = await place.ReplicaAsync("n", 1);
        await place.MergedAsync("n", Ask.Increment(2));
        var ahead = await place.ReplicaAsync("n", 2);
        await place.Store.CommitAsync(Some.Delete("n"));

        await place.MergedAsync("n", Ask.Delta(behind.Encode(), CrdtType.GCounter));
        await place.MergedAsync("n", Ask.Increment(10));
        Assert.Equal((Int128)13, (await place.MergedAsync("n", Ask.Delta(ahead.Encode()))).Number);
    }

    private static Task JumpAsync(Place place, long by)
    {
        var state = place.Store.Latest;
        place.Log.Follower!.Load(state.Revision + by, state.ScanAll().ToArray());
        return Task.CompletedTask;
    }
}
