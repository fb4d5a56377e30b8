using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>Orders of events that a network and etcd may produce, each of which was found by thinking of it.</summary>
public sealed class ScheduleTests
{
    private static readonly byte[] Large = new byte[1000];

    private static EtcdLogOptions SmallParts => new() { PartBytesMax = 300 };

    // T1 (writer): sends the second part of a record, which is delayed; gives the record up behind a fence, and begins another one
    // T2 (etcd):   creates the part of the first record between the parts of the second
    [Fact]
    public async Task Part_DelayedBeyondItsRecord_IsNotPartOfTheNext()
    {
        await using var replicas = new LiveReplicas(SmallParts);
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        var left = 1;
        one.Etcd.Fault = request => IsPart(request, 1) && Interlocked.Decrement(ref left) == 0 ? EtcdFault.RequestDelayed : EtcdFault.None;
        one.Etcd.Sending = request =>
        {
            if (IsPart(request, 1))
                replicas.Server.ExecuteDelayed(_ => 0);
            return Task.CompletedTask;
        };

        await one.Store.CommitAsync(new Put(Some.Key("large"), Large, "a/b"));

        Assert.Equal(0, replicas.Server.Delayed);
        Assert.Equal(LiveReplica.Describe(await one.ReadAsync()), LiveReplica.Describe(await other.ReadAsync()));
    }

    [Fact]
    public async Task Start_BetweenPartsAndTheirRecord_HasTheParts()
    {
        await using var replicas = new LiveReplicas(SmallParts);
        var one = await replicas.StartAsync();
        var started = new TaskCompletionSource();
        one.Etcd.Sending = request => request is TxnRequest { Compare.Count: 2, Success.Count: 2 } ? started.Task : Task.CompletedTask;
        var written = one.Store.CommitAsync(new Put(Some.Key("large"), Large, "a/b"));
        await Soon.UntilAsync(() => replicas.Server.Range(new() { Key = Bytes("kvstore/log/"), RangeEnd = Bytes("kvstore/log0") }).Count == 4);

        var late = await replicas.StartAsync();
        started.SetResult();
        await written;

        Assert.Equal(Large.Length, (await late.ReadAsync()).Find(Some.Key("large"))!.Value.Value.Length);
    }

    [Fact]
    public async Task CatchUp_NotPermittedForAWhile_Waits()
    {
        await using var replicas = new LiveReplicas();
        var (one, other) = (await replicas.StartAsync(), await replicas.StartAsync());
        var refused = 0;
        other.Etcd.WatchFault = _ => EtcdWatchFault.Silent;
        other.Etcd.Sending = request => request is TxnRequest && Interlocked.Increment(ref refused) < 4
            ? Task.FromException(new EtcdException(EtcdFailure.NotPermitted, "etcdserver: permission denied"))
            : Task.CompletedTask;
        await one.Store.CommitAsync(Some.Put("k", "1"));
        await one.Store.CommitAsync(Some.Put("k", "2"));
        await one.Store.CommitAsync(Some.Put("k", "3"));
        replicas.Server.Compact(replicas.Server.Revision);
        other.Etcd.WatchFault = _ => EtcdWatchFault.None;
        other.Etcd.BreakWatches();

        Assert.Equal("3", (await other.ReadAsync()).Find(Some.Key("k")).Text());
        Assert.InRange(refused, 4, int.MaxValue);
    }

    [Fact]
    public async Task Checkpoint_AnswerOfAPartLost_IsWritten()
    {
        await using var replicas = new LiveReplicas(new EtcdLogOptions { CheckpointLogBytesMin = 2000 });
        var one = await replicas.StartAsync();
        var left = 1;
        one.Etcd.Fault = request => KeyOf(request).StartsWith("kvstore/checkpoint/", StringComparison.Ordinal) && Interlocked.Decrement(ref left) == 0 ? EtcdFault.AnswerLost : EtcdFault.None;
        for (var i = 0; i < 30; i++)
            await one.Store.CommitAsync(Some.Put($"k{i}", new string('x', 100)));

        await replicas.HaveAsync(EtcdLogEventKind.CheckpointWritten);

        Assert.False(replicas.Has(EtcdLogEventKind.CheckpointFailed));
    }

    [Fact]
    public async Task Start_ManifestOfAnotherProgram_IsRefused()
    {
        var server = new FakeEtcdServer();
        server.Put("kvstore/log.checkpoint", "x");
        await using var log = new EtcdCommitLog(new FakeEtcd(server), new EtcdLogOptions(), TimeProvider.System);

        var refused = await Assert.ThrowsAsync<CommitLogRefusedException>(() => log.FollowAsync(new ImageFollower(new MemoryBudget(new StoreOptions())), CancellationToken.None).AsTask().Within());

        Assert.Equal(CommitLogRefusal.Data, refused.Refusal);
    }

    // Every mark has every replica hash its state, and every try writes parts.
    [Fact]
    public async Task Checkpoint_Fails_IsTriedAgainAfterMoreRecords()
    {
        await using var replicas = new LiveReplicas(new EtcdLogOptions { CheckpointLogBytesMin = 2000 });
        var one = await replicas.StartAsync();
        var probes = 0;
        one.Etcd.Sending = request =>
        {
            if (request is RangeRequest { KeysOnly: true })
                Interlocked.Increment(ref probes);
            return KeyOf(request).StartsWith("kvstore/checkpoint/", StringComparison.Ordinal)
                ? Task.FromException(new EtcdException(EtcdFailure.NoSpace, "etcdserver: mvcc: database space exceeded"))
                : Task.CompletedTask;
        };
        for (var i = 0; i < 30; i++)
            await one.Store.CommitAsync(Some.Put($"k{i}", new string('x', 100)));
        await replicas.HaveAsync(EtcdLogEventKind.CheckpointFailed);
        var (marks, before) = (CountMarks(replicas.Server), Volatile.Read(ref probes));

        await Soon.UntilAsync(() => Volatile.Read(ref probes) >= before + 20);

        Assert.Equal(marks, CountMarks(replicas.Server));
        for (var i = 0; i < 60; i++)
            await one.Store.CommitAsync(Some.Put($"k{i}", new string('x', 100)));
        await Soon.UntilAsync(() => CountMarks(replicas.Server) > marks);
    }

    // Barriers and the membership write although no record is ever written.
    [Fact]
    public async Task Compaction_NoCheckpointIsDue_FollowsAfterAWhile()
    {
        var (server, time, options) = (new FakeEtcdServer(), new FakeTimeProvider(), new EtcdLogOptions());
        var (etcd, layout, follower) = (new FakeEtcd(server), new EtcdLayout(options.Prefix), new ImageFollower(new MemoryBudget(new StoreOptions())));
        var state = new LogState(layout, follower, time);
        var delivery = new Delivery(state, options, time);
        var checkpointer = new Checkpointer(etcd, layout, state, follower, new RecordWriter(etcd, layout, state, delivery, options), delivery, options, _ => { }, time);
        var applied = server.Put("kvstore/log.barrier", "");
        state.Applied.Advance(applied);
        for (var minute = 0; minute < 14; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            server.Put("kvstore/log.barrier", "");
            state.Applied.Advance(server.Revision);
            await checkpointer.CompactIfDueAsync(CancellationToken.None);
        }

        Assert.Equal(applied + 5, server.CompactedRevision);
    }

    // If each of those that wait opened the watch anew, it would not live until its first response.
    [Fact]
    public async Task Watch_StalledForMany_IsOpenedAgainOncePerTimeout()
    {
        var time = new FakeTimeProvider();
        var state = new LogState(new EtcdLayout("t/"), new ImageFollower(new MemoryBudget(new StoreOptions())), time);
        var opened = 0;
        var delivery = new Delivery(state, new EtcdLogOptions(), time) { Stalled = () => Interlocked.Increment(ref opened) };
        var waits = new List<Task<bool>>();
        for (var i = 0; i < 100; i++)
        {
            waits.Add(delivery.WaitForAsync(10, delivery.After(TimeSpan.FromSeconds(3), CancellationToken.None)));
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        while (!waits.TrueForAll(wait => wait.IsCompleted))
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        Assert.All(waits, wait => Assert.False(wait.GetAwaiter().GetResult()));
        var seconds = time.GetUtcNow() - new FakeTimeProvider().GetUtcNow();
        Assert.InRange(opened, 1, seconds.TotalSeconds);
    }

    private static int CountMarks(FakeEtcdServer server) =>
        server.Range(new() { Key = Bytes("kvstore/log/"), RangeEnd = Bytes("kvstore/log0") }).Kvs.Count(record => record.Value[0] == (byte)RecordKind.Mark);

    private static bool IsPart(IMessage request, int part) => KeyOf(request).EndsWith($".{part:x4}", StringComparison.Ordinal);

    private static string KeyOf(IMessage request) => request is TxnRequest { Success: [{ RequestPut: { } put }, ..] } ? put.Key.ToStringUtf8() : "";

    private static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);
}
