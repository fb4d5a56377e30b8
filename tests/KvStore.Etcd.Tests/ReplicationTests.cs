namespace KvStore.Etcd.Tests;

public sealed class ReplicationTests
{
    [Fact]
    public async Task Write_ThroughOne_IsReadThroughOther()
    {
        await using var replicas = new LiveReplicas();
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        for (var i = 0; i < 20; i++)
        {
            await (i % 2 == 0 ? one : other).Store.CommitAsync(Some.Put("k", $"{i}"));
            Assert.Equal($"{i}", (await (i % 2 == 0 ? other : one).ReadAsync()).Find(Some.Key("k")).Text());
        }

        Assert.Equal(LiveReplica.Describe(await one.ReadAsync()), LiveReplica.Describe(await other.ReadAsync()));
        Assert.Equal(20, one.Store.Latest.Revision);
    }

    [Fact]
    public async Task Write_LargerThanARequest_IsWritten()
    {
        await using var replicas = new LiveReplicas();
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        var value = new byte[5_000_000];
        Random.Shared.NextBytes(value);
        await one.Store.CommitAsync(new Put(Some.Key("large"), value, "a/b"));
        Assert.True((await other.ReadAsync()).Find(Some.Key("large"))!.Value.Value.Span.SequenceEqual(value));
    }

    [Fact]
    public async Task Write_TooLargeForAnyRequest_IsRefusedForThat()
    {
        await using var replicas = new LiveReplicas();
        var one = await replicas.StartAsync();
        replicas.Server.RequestBytesMax = 32 << 10;

        var outcome = await one.Store.SubmitAsync(Some.Transaction(new Put(Some.Key("large"), new byte[40 << 10], "a/b"))).Within();

        Assert.Equal(NotAppliedReason.RequestTooLarge, Assert.IsType<Outcome.NotApplied>(outcome).Reason);
        await one.Store.CommitAsync(Some.Put("small", "1"));
        replicas.Server.RequestBytesMax = 3 << 19;
        await one.Store.CommitAsync(new Put(Some.Key("large"), new byte[40 << 10], "a/b"));
    }

    // etcd's quota counts the file, whatever of it is in use.
    [Theory]
    [InlineData(14_000_000, 13_000_000, false)]
    [InlineData(14_000_000, 14_000_000, true)]
    [InlineData(15_000_000, 100, false)]
    [InlineData(15_000_001, 100, true)]
    public async Task Growth_DatabaseNearsTheQuota_IsRefusedAndDeletionsAreNot(long file, long used, bool isRefused)
    {
        await using var replicas = new LiveReplicas(new EtcdLogOptions { DatabaseBytesMax = 14_000_000 });
        var one = await replicas.StartAsync();
        await one.Store.CommitAsync(Some.Put("k", "1"));
        (replicas.Server.FileBytes, replicas.Server.UsedBytes) = (16_000_000, 16_000_000);
        await Soon.UntilAsync(async () => await GrowAsync() is Outcome.NotApplied { Reason: NotAppliedReason.NoSpace });
        await one.Store.CommitAsync(new Delete(Some.Key("k")));

        (replicas.Server.FileBytes, replicas.Server.UsedBytes) = (file, used);

        if (isRefused)
            await replicas.Server.ReportedAsync(3);
        else
            await Soon.UntilAsync(async () => await GrowAsync() is Outcome.Committed);
        Assert.Equal(isRefused, await GrowAsync() is Outcome.NotApplied);

        Task<Outcome> GrowAsync() => one.Store.SubmitAsync(Some.Transaction(Some.Put($"{Guid.NewGuid()}", "1"))).Within();
    }

    [Fact]
    public async Task Checkpoint_Due_ShortensLogAndIsLoaded()
    {
        await using var replicas = new LiveReplicas(new EtcdLogOptions { CheckpointLogBytesMin = 2000, PartBytesMax = 1000 });
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        for (var round = 0; round < 8; round++)
        {
            lock (replicas.Events)
                replicas.Events.Clear();
            for (var i = 0; i < 30; i++)
                await one.Store.CommitAsync(Some.Put($"k{i}", new string('x', 100 + round)));
            await replicas.HaveAsync(EtcdLogEventKind.CheckpointWritten);
        }

        // Deleted after the checkpoint is reported.
        await Soon.UntilAsync(() => replicas.Server.Range(new() { Key = Google.Protobuf.ByteString.CopyFromUtf8("kvstore/log/"), RangeEnd = Google.Protobuf.ByteString.CopyFromUtf8("kvstore/log0") }).Count <= 130);
        var late = await replicas.StartAsync();
        Assert.Equal(LiveReplica.Describe(await one.ReadAsync()), LiveReplica.Describe(await late.ReadAsync()));
        Assert.Equal(LiveReplica.Describe(await one.ReadAsync()), LiveReplica.Describe(await other.ReadAsync()));
        Assert.False(replicas.Has(EtcdLogEventKind.Diverged));
        await late.Store.CommitAsync(Some.Put("after", "1"));
        Assert.Equal("1", (await other.ReadAsync()).Find(Some.Key("after")).Text());
    }

    // As after a backup was restored: what was written after it may be known to clients.
    [Fact]
    public async Task Start_StoreKeyDeleted_IsAnotherStoreAndRevisionsJump()
    {
        await using var replicas = new LiveReplicas();
        var before = await replicas.StartAsync();
        await before.Store.CommitAsync(Some.Put("k", "1"));
        await before.Store.DisposeAsync();
        replicas.Server.Delete("kvstore/store");

        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        Assert.NotEqual(before.Log.StoreId, one.Log.StoreId);
        Assert.Equal(one.Log.StoreId, other.Log.StoreId);
        Assert.Equal("1", (await one.ReadAsync()).Find(Some.Key("k")).Text());
        Assert.Equal(1 + StoreIdentity.RestoreJump + 1, (await one.Store.CommitAsync(Some.Put("k", "2"))).Revision);
        Assert.Equal(LiveReplica.Describe(await one.ReadAsync()), LiveReplica.Describe(await other.ReadAsync()));
        Assert.True(one.Store.IsLost(2));
    }

    [Theory]
    [InlineData(nameof(EtcdFault.AnswerLost))]
    [InlineData(nameof(EtcdFault.RequestLost))]
    [InlineData(nameof(EtcdFault.SentTwice))]
    [InlineData(nameof(EtcdFault.NotSent))]
    [InlineData(nameof(EtcdFault.Refused))]
    public async Task Write_OneFault_IsCommittedOnce(string name)
    {
        await using var replicas = new LiveReplicas();
        var one = await replicas.StartAsync();
        var fault = Enum.Parse<EtcdFault>(name);
        var left = 1;
        one.Etcd.Fault = request => request is Protocol.TxnRequest { Compare.Count: > 1 } && Interlocked.Decrement(ref left) == 0 ? fault : EtcdFault.None;
        Assert.IsType<Outcome.Committed>(await one.Store.SubmitAsync(Some.Transaction(new Increment(Some.Key("n"), 1))).Within());
        Assert.Equal("1", (await one.ReadAsync()).Find(Some.Key("n")).Text());
    }
}
