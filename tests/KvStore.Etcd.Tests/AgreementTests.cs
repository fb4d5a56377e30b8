using Google.Protobuf;
using KvStore.Etcd.Records;

namespace KvStore.Etcd.Tests;

/// <summary>Which states become checkpoints, and what becomes of the others.</summary>
public sealed class AgreementTests
{
    // Digits are states, the first is that of the replica that judges.
    [Theory]
    [InlineData("1", 1, nameof(Agreement.Agreed))]
    [InlineData("1", 2, nameof(Agreement.Undecided))]
    [InlineData("11", 2, nameof(Agreement.Agreed))]
    [InlineData("12", 2, nameof(Agreement.Split))]
    [InlineData("1", 3, nameof(Agreement.Undecided))]
    [InlineData("12", 3, nameof(Agreement.Undecided))]
    [InlineData("11", 3, nameof(Agreement.Agreed))]
    [InlineData("122", 3, nameof(Agreement.Differs))]
    [InlineData("112", 3, nameof(Agreement.Agreed))]
    [InlineData("123", 3, nameof(Agreement.Split))]
    [InlineData("1122", 4, nameof(Agreement.Split))]
    [InlineData("12", 1, nameof(Agreement.Split))]
    [InlineData("122", 1, nameof(Agreement.Differs))]
    [InlineData("1222", 5, nameof(Agreement.Differs))]
    public void Judge_Hashes_MoreThanHalfAreRight(string states, int serving, string expected) =>
        Assert.Equal(expected, $"{StateAgreement.Judge([(byte)states[0]], [.. states.Select(state => ByteString.CopyFrom((byte)state))], serving).Agreement}");

    // The replica that diverged is the one that writes checkpoints, and the fastest: the others say what they have only later.
    [Fact]
    public async Task Checkpoint_FastestHasDiverged_IsNotItsState()
    {
        await using var replicas = new LiveReplicas(Options(3));
        var (one, other, third) = (await replicas.StartAsync(rank: 0), await replicas.StartAsync(rank: 8), await replicas.StartAsync(rank: 8));
        await one.Store.CommitAsync(Some.Put("spoilt", "right"));
        var slow = new Gate();
        other.Etcd.Sending = third.Etcd.Sending = request => KeyOf(request).StartsWith("kvstore/check/", StringComparison.Ordinal) ? slow.PassAsync() : Task.CompletedTask;
        one.Diverging.Diverge();
        await FillAsync(one);
        await slow.Reached;
        slow.Open();

        await replicas.HaveAsync(EtcdLogEventKind.Diverged);
        await WriteUntilAsync(other, () => replicas.Has(EtcdLogEventKind.CheckpointWritten));

        Assert.Equal("right", await SpoiltAtCheckpointAsync(replicas));
        await Soon.UntilAsync(async () => (await one.ReadAsync()).Find(DivergingLog.Spoilt).Text() == "right");
        Assert.Equal(LiveReplica.Describe(await other.ReadAsync()), LiveReplica.Describe(await one.ReadAsync()));
    }

    [Fact]
    public async Task Checkpoint_TwoDiffer_NeitherIsWrittenAndBothLoadAgain()
    {
        await using var replicas = new LiveReplicas(Options(2));
        var (one, other) = (await replicas.StartAsync(rank: 0), await replicas.StartAsync(rank: 8));
        await one.Store.CommitAsync(Some.Put("spoilt", "right"));
        other.Diverging.Diverge();
        await FillAsync(one);

        await WriteUntilAsync(one, () => replicas.Count(EtcdLogEventKind.Diverged) >= 2);
        await Soon.UntilAsync(async () => (await other.ReadAsync()).Find(DivergingLog.Spoilt).Text() == "right");
        await WriteUntilAsync(one, () => replicas.Has(EtcdLogEventKind.CheckpointWritten));
        Assert.Equal("right", await SpoiltAtCheckpointAsync(replicas));
    }

    // Of those that are silent, one may be right.
    [Fact]
    public async Task Checkpoint_OthersAreSilent_IsNotWrittenUntilTheyCountAsFailed()
    {
        var serving = 3;
        await using var replicas = new LiveReplicas(Options(() => Volatile.Read(ref serving)));
        var one = await replicas.StartAsync();
        await FillAsync(one);
        var checks = 0;
        one.Etcd.Sending = request =>
        {
            if (request is Protocol.RangeRequest range && range.Key.ToStringUtf8().StartsWith("kvstore/check/", StringComparison.Ordinal))
                Interlocked.Increment(ref checks);
            return Task.CompletedTask;
        };
        await Soon.UntilAsync(() => Volatile.Read(ref checks) >= 3);
        Assert.False(replicas.Has(EtcdLogEventKind.CheckpointWritten));

        Volatile.Write(ref serving, 1);

        await replicas.HaveAsync(EtcdLogEventKind.CheckpointWritten);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Start_CheckpointIsDamaged_LoadsTheOtherOrSaysSo(int damaged)
    {
        await using var replicas = new LiveReplicas(Options(1));
        var one = await replicas.StartAsync();
        await one.Store.CommitAsync(Some.Put("spoilt", "right"));
        for (var checkpoints = 1; checkpoints <= 2; checkpoints++)
            await WriteUntilAsync(one, () => replicas.Count(EtcdLogEventKind.CheckpointWritten) >= checkpoints);
        var expected = LiveReplica.Describe(await one.ReadAsync());
        await one.Store.DisposeAsync();
        var manifest = ManifestOf(replicas);
        Assert.Equal(2, manifest.Checkpoints.Count);
        foreach (var checkpoint in manifest.Checkpoints.Take(damaged))
            Damage(replicas, checkpoint);

        if (damaged == 1)
        {
            Assert.Equal(expected, LiveReplica.Describe(await (await replicas.StartAsync()).ReadAsync()));
            Assert.True(replicas.Has(EtcdLogEventKind.CheckpointDamaged));
        }
        else
        {
            await using var log = new EtcdCommitLog(new FakeEtcd(replicas.Server), new EtcdLogOptions(), TimeProvider.System);
            var refused = await Assert.ThrowsAsync<CommitLogRefusedException>(() => log.FollowAsync(new ImageFollower(new MemoryBudget(new StoreOptions())), CancellationToken.None).AsTask().Within());
            Assert.Equal(CommitLogRefusal.Data, refused.Refusal);
            Assert.Contains("is damaged: Its entries are not those that were written", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Mark_NoSpaceForLong_IsReportedOnce()
    {
        var time = new FakeTimeProvider();
        var server = new FakeEtcdServer();
        var (etcd, options, follower) = (new FakeEtcd(server), new EtcdLogOptions { CheckpointLogBytesMin = 1 }, new ImageFollower(new MemoryBudget(new StoreOptions())));
        var layout = new EtcdLayout(options.Prefix);
        var state = new LogState(layout, follower, time);
        var delivery = new Delivery(state, options, time);
        var reports = new List<EtcdLogEvent>();
        var checkpointer = new Checkpointer(etcd, layout, state, follower, new RecordWriter(etcd, layout, state, delivery, options), delivery, options, reports.Add, time);
        var record = new Protocol.Event { Kv = new() { Key = layout.Record(new RecordId(1, 2, 3)), Value = RecordEnvelope.Fence, ModRevision = 2, Version = 1 } };
        Assert.True(state.TryApply([new Protocol.Event { Kv = new() { Key = layout.Head, ModRevision = 2, Version = 1 } }, record]));
        server.IsFull = true;

        for (var second = 0; second < 3600; second++)
        {
            await checkpointer.RunIfDueAsync(CancellationToken.None);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(reports.Count, 1, 6);
        Assert.Contains("database space exceeded", reports[0].Message, StringComparison.Ordinal);
    }

    private static EtcdLogOptions Options(int serving) => Options(() => serving);

    private static EtcdLogOptions Options(Func<int> serving) => new() { CheckpointLogBytesMin = 2000, Serving = serving };

    private static async Task FillAsync(LiveReplica replica)
    {
        for (var i = 0; i < 30; i++)
            await replica.Store.SubmitAsync(Some.Transaction(Some.Put($"k{i}", new string('x', 100))));
    }

    private static async Task WriteUntilAsync(LiveReplica replica, Func<bool> isDone)
    {
        // A replica that loads again at a mark says nothing of it, and is waited for: StateAgreement.WaitMax, which is as long as the patience of tests.
        try
        {
            await Soon.UntilAsync(WriteAsync);
        }
        catch (TimeoutException)
        {
            await Soon.UntilAsync(WriteAsync);
        }

        async Task<bool> WriteAsync()
        {
            // What is under way while the state is loaded again has an unknown outcome.
            if (!isDone())
                await replica.Store.SubmitAsync(Some.Transaction(Some.Put("more", new string('x', 100))));
            return isDone();
        }
    }

    private static Manifest ManifestOf(LiveReplicas replicas) =>
        Manifest.Parser.ParseFrom(Assert.Single(replicas.Server.Range(new() { Key = ByteString.CopyFromUtf8("kvstore/log.checkpoint") }).Kvs).Value);

    private static async Task<string?> SpoiltAtCheckpointAsync(LiveReplicas replicas)
    {
        var image = new ImageFollower(new MemoryBudget(new StoreOptions()));
        var manifest = ManifestOf(replicas);
        manifest.Checkpoints.RemoveAt(0);
        if (manifest.Checkpoints.Count == 0)
            manifest = ManifestOf(replicas);
        await new CheckpointReader(new FakeEtcd(replicas.Server), new EtcdLayout("kvstore/"), _ => { }).LoadAsync(manifest, image, TestContext.Current.CancellationToken);
        return image.Latest.Find(DivergingLog.Spoilt).Text();
    }

    // Valid in every way but by its hash.
    private static void Damage(LiveReplicas replicas, Checkpoint checkpoint)
    {
        var key = new EtcdLayout("kvstore/").CheckpointPart(checkpoint.Id, 0);
        var part = Entries.Parser.ParseFrom(Assert.Single(replicas.Server.Range(new() { Key = key }).Kvs).Value);
        part.Entries_[0].Value = ByteString.CopyFromUtf8("damaged");
        replicas.Server.Txn(new() { Success = { new Protocol.RequestOp { RequestPut = new() { Key = key, Value = part.ToByteString() } } } });
    }

    private static string KeyOf(IMessage request) => request is Protocol.TxnRequest { Success: [{ RequestPut: { } put }, ..] } ? put.Key.ToStringUtf8() : "";
}
