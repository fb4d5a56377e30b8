using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>Races that a simulation meets too seldom, each with its one interleaving.</summary>
public sealed class MissedRecordTests
{
    // The first read has its answer under way when another replica commits; a second read, begun after that commit, may not use that answer.
    [Fact]
    public async Task Read_BarrierUnderWay_JoinsNext()
    {
        await using var replicas = new LiveReplicas();
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        var (answer, delivery) = (new Gate(), new Gate());
        var held = 0;
        one.Etcd.Answering = message => message switch
        {
            RangeRequest { Key: var key } when key.ToStringUtf8() == "kvstore/log" && Interlocked.Increment(ref held) == 1 => answer.PassAsync(),
            WatchResponse { Created: false } => delivery.PassAsync(),
            _ => Task.CompletedTask,
        };
        var first = one.ReadAsync();
        await answer.Reached;
        await other.Store.CommitAsync(Some.Put("k", "1"));
        var second = one.ReadAsync();

        answer.Open();
        await first;
        delivery.Open();

        Assert.Equal("1", (await second).Find(Some.Key("k")).Text());
    }

    // The event without a record moves what is delivered beyond the lost record, and no record follows that would show the gap.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_RecordLostBeforeAnotherEvent_HasIt(bool isReadSafe)
    {
        await using var replicas = new LiveReplicas();
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        one.Etcd.IsReadSafe = isReadSafe;
        var left = 1;
        one.Etcd.WatchFault = response => response.Events.Count > 0 && Interlocked.Decrement(ref left) == 0 ? EtcdWatchFault.Lost : EtcdWatchFault.None;
        await other.Store.CommitAsync(Some.Put("k", "1"));
        replicas.Server.Put("kvstore/log.barrier", "");

        Assert.Equal("1", (await one.ReadAsync()).Find(Some.Key("k")).Text());
        Assert.True(replicas.Has(EtcdLogEventKind.Listed));
    }

    [Fact]
    public async Task Write_ManifestLost_ListsIt()
    {
        await using var replicas = new LiveReplicas();
        var one = await replicas.StartAsync();
        var left = 1;
        one.Etcd.WatchFault = response => response.Events.Count > 0 && Interlocked.Decrement(ref left) == 0 ? EtcdWatchFault.Lost : EtcdWatchFault.None;
        replicas.Server.Put("kvstore/log.checkpoint", "\u0008\u0001");
        replicas.Server.Put("kvstore/log.barrier", "");

        await one.Store.CommitAsync(Some.Put("k", "1"));
    }

    [Fact]
    public async Task Watch_LosesAPart_ListsTheRecord()
    {
        await using var replicas = new LiveReplicas(new EtcdLogOptions { PartBytesMax = 300 });
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        one.Etcd.WatchFault = response => response.Events.Any(change => change.Kv.Key.ToStringUtf8().EndsWith(".0001", StringComparison.Ordinal)) ? EtcdWatchFault.Lost : EtcdWatchFault.None;
        await other.Store.CommitAsync(new Put(Some.Key("large"), new byte[1000], "a/b"));

        Assert.Equal(1000, (await one.ReadAsync()).Find(Some.Key("large"))!.Value.Value.Length);
    }

    // A watch that begins one revision too late is one that has lost an event.
    [Fact]
    public async Task Watch_LosesARecord_ListsIt()
    {
        await using var replicas = new LiveReplicas();
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        await one.Store.CommitAsync(Some.Put("k", "0"));
        await one.ReadAsync();
        var opening = new Gate();
        one.Etcd.WatchRewind = () => -1;
        one.Etcd.Sending = request => request is WatchCreateRequest ? opening.PassAsync() : Task.CompletedTask;
        one.Etcd.BreakWatches();
        await opening.Reached;
        await other.Store.CommitAsync(Some.Put("lost", "1"));
        await other.Store.CommitAsync(Some.Put("k", "2"));

        opening.Open();

        await one.Store.WaitForRevisionAsync(3, TestContext.Current.CancellationToken).AsTask().Within();
        Assert.True(replicas.Has(EtcdLogEventKind.Listed));
        Assert.Equal(LiveReplica.Describe(await other.ReadAsync()), LiveReplica.Describe(one.Store.Latest));
    }
}
