
namespace KvStore.Storage.Tests;

/// <summary>The contract of every log, held against the one on disk.</summary>
public sealed class DiskCommitLogContractTests : CommitLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    protected override ICommitLog CreateLog(TimeProvider time) =>
        new DiskCommitLog(new DiskLogOptions { Directory = _directory.New() }, time, _ => { });

    public void Dispose() => _directory.Dispose();
}

/// <summary>The same with segments that are full after a few batches, checkpoints all the time, and without a flush for each batch.</summary>
public sealed class SmallSegmentsContractTests : CommitLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    protected override ICommitLog CreateLog(TimeProvider time) => new DiskCommitLog(
        new DiskLogOptions { Directory = _directory.New(), SegmentBytesMax = 1000, ReserveBytes = 100, FlushMode = FlushMode.Interval, CheckpointLogBytesMin = 2000 },
        time,
        _ => { });

    public void Dispose() => _directory.Dispose();
}

/// <summary>What a log on a real disk holds when it is opened again.</summary>
public sealed class DiskCommitLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Follow_AfterStop_ReplaysHistory()
    {
        var time = new FakeTimeProvider();
        var options = new DiskLogOptions { Directory = _directory.New() };
        var first = new RecordingFollower();
        await using (var log = await OpenAsync(options, first, time))
        {
            await log.CommitAsync([Some.Transaction(Some.Put("a", "1", time.GetUtcNow().AddSeconds(5))), Some.Transaction(Some.Put("b", "2"), Some.Put("c", "3"))], Token);
            await log.CommitAsync([Some.Transaction(Some.Delete("b")), Some.Transaction(Some.Put("a", "4"))], Token);
        }

        var second = new RecordingFollower();
        await using (await OpenAsync(options, second, time))
        {
        }

        Assert.Equal(first.Commits.Select(Describe), second.Commits.Select(Describe));
        Assert.Equal(States.Describe(first.Latest), States.Describe(second.Latest));
    }

    [Fact]
    public async Task Follow_AfterStop_KeepsRecordsAndExpiries()
    {
        var time = new FakeTimeProvider();
        var options = new DiskLogOptions { Directory = _directory.New() };
        var first = new RecordingFollower();
        Transaction add = new([], [new Increment(Some.Key("n"), 1)])
        {
            Idempotency = new Idempotency(Some.Bytes("key"), Some.Bytes("fingerprint"), TimeSpan.FromHours(1), 1000),
        };
        await using (var log = await OpenAsync(options, first, time))
        {
            await log.CommitAsync([Some.Transaction(Some.Put("due", "1", time.GetUtcNow())), add, Some.Transaction(new Append(Some.Key("q/"), Some.Bytes("v"), "text/plain"))], Token);
            await log.CommitAsync([Some.Transaction(new Expire(Some.Key("due"), first.Latest.Find(Some.Key("due"))!.Value.Revision))], Token);
        }

        var second = new RecordingFollower();
        await using var again = await OpenAsync(options, second, time);
        Assert.Equal([Some.Key("due")], second.Commits.SelectMany(commit => commit.AllChanges).Where(change => change.IsExpiry).Select(change => change.Key));
        Assert.Equal(States.Describe(first.Latest), States.Describe(second.Latest));
        var outcome = (await again.CommitAsync([add], Token))[0];
        Assert.Equal(2, Assert.IsType<Outcome.Replayed>(outcome).Original.Revision);
        Assert.Equal("1", second.Latest.Text("n"));
    }

    [Fact]
    public async Task Follow_Again_IsSameStore()
    {
        var options = new DiskLogOptions { Directory = _directory.New() };
        StoreId id;
        await using (var log = await OpenAsync(options, new RecordingFollower(), TimeProvider.System))
            id = log.StoreId;

        await using var again = await OpenAsync(options, new RecordingFollower(), TimeProvider.System);
        Assert.Equal(id, again.StoreId);
    }

    [Fact]
    public async Task Follow_DirectoryLocked_ThrowsWithAdvice()
    {
        var options = new DiskLogOptions { Directory = _directory.New() };
        await using var first = await OpenAsync(options, new RecordingFollower(), new FakeTimeProvider());
        var refusal = await Assert.ThrowsAsync<DiskLogException>(() => OpenAsync(options, new RecordingFollower(), new FakeTimeProvider()));

        Assert.Equal((DiskLogProblem.Locked, options.Directory), (refusal.Problem, refusal.Path));
        Assert.Contains("Stop that process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_AfterCheckpoint_LoadsSameState()
    {
        var time = new FakeTimeProvider();
        var options = new DiskLogOptions { Directory = _directory.New(), SegmentBytesMax = 500 };
        var first = new RecordingFollower();
        await using (var log = await OpenAsync(options, first, time))
        {
            for (var i = 0; i < 50; i++)
                await log.CommitAsync([Some.Transaction(Some.Put($"k{i % 20}", $"{i}"))], Token);
            var checkpoint = await log.CheckpointAsync(Token);
            Assert.Equal(50, checkpoint.Revision);
            Assert.Equal((50, 1), (log.Status.CheckpointRevision, log.Status.Segments));
            await log.CommitAsync([Some.Transaction(Some.Put("k0", "last"), Some.Delete("k1"))], Token);
        }

        var second = new RecordingFollower();
        await using (await OpenAsync(options, second, time))
        {
        }

        Assert.Equal(50, second.Images[0]);
        Assert.Equal(States.Describe(first.Latest), States.Describe(second.Latest));
    }

    [Fact]
    public async Task Follow_AfterLifetimeChanges_LoggedTheValueOnce()
    {
        const int ValueBytes = 1 << 20;
        var time = new FakeTimeProvider();
        var options = new DiskLogOptions { Directory = _directory.New() };
        var first = new RecordingFollower();
        await using (var log = await OpenAsync(options, first, time))
        {
            await log.CommitAsync([Some.Transaction(Some.Put("k", new string('v', ValueBytes)))], Token);
            for (var i = 0; i < 1_000; i++)
                await log.CommitAsync([Some.Transaction(new SetExpiry(Some.Key("k"), ExpiryUpdate.At(time.GetUtcNow().AddHours(i))))], Token);
            Assert.InRange(log.Status.LogBytes, ValueBytes, ValueBytes + 150_000);
        }

        foreach (var replayed in new[] { 0, 10, 100_000 })
        {
            var second = new RecordingFollower();
            await using var log = await OpenAsync(options with { ReplayedCommitsMax = replayed }, second, time);
            Assert.Equal(States.Describe(first.Latest), States.Describe(second.Latest));
        }
    }

    // With a key of 12 bytes and a suffix of 45, as a keystroke has them.
    [Fact]
    public async Task Follow_AfterExtensions_LoggedEachSuffix()
    {
        const int ValueBytes = 100_000;
        const int Extensions = 1_000;
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(57));
        var options = new DiskLogOptions { Directory = _directory.New(), SegmentBytesMax = 200_000, CheckpointLogBytesMin = long.MaxValue };
        var first = new RecordingFollower();
        var key = Some.Key("documents/42");
        await using (var log = await OpenAsync(options, first, time))
        {
            await log.CommitAsync([Some.Transaction(new Put(key, new byte[ValueBytes], Entry.MergeableContentType) { IsRewrite = true })], Token);
            var created = first.Latest.Revision;
            var before = log.Status.LogBytes;
            for (var i = 0; i < Extensions; i++)
            {
                await log.CommitAsync([Some.Transaction(new Extend(key, created, ValueBytes + (45 * i), new byte[45]))], Token);
                if (i == Extensions / 2)
                    await log.CheckpointAsync(Token);
            }

            Assert.InRange((log.Status.LogBytes - before) / Extensions, 45, 150);
        }

        foreach (var replayed in new[] { 0, 10, 100_000 })
        {
            var second = new RecordingFollower();
            await using var log = await OpenAsync(options with { ReplayedCommitsMax = replayed }, second, time);
            Assert.Equal(ValueBytes + (45 * Extensions), second.Latest.Find(key)!.Value.ValueLength);
            Assert.Equal(States.Describe(first.Latest), States.Describe(second.Latest));
        }
    }

    [Fact]
    public async Task Checkpoint_CopiedDuringWrites_IsBackup()
    {
        var time = new FakeTimeProvider();
        var options = new DiskLogOptions { Directory = _directory.New(), SegmentBytesMax = 500 };
        var running = new RecordingFollower();
        await using var log = await OpenAsync(options, running, time);
        for (var i = 0; i < 20; i++)
            await log.CommitAsync([Some.Transaction(Some.Put($"k{i % 7}", $"{i}"))], Token);
        var expected = running.Latest;
        var checkpoint = await log.CheckpointAsync(Token);
        await log.CommitAsync([Some.Transaction(Some.Put("k0", "later"))], Token);

        var backup = options with { Directory = _directory.New() };
        Directory.CreateDirectory(backup.Directory);
        var file = Assert.Single(Directory.GetFiles(options.Directory, "*.checkpoint"));
        File.Copy(file, Path.Combine(backup.Directory, Path.GetFileName(file)));

        var restored = new RecordingFollower();
        await using (var copy = await OpenAsync(backup, restored, time))
        {
            Assert.Equal(expected.Scan(default).Select(entry => States.Describe(entry)), restored.Latest.Scan(default).Select(entry => States.Describe(entry)));
            await copy.CommitAsync([Some.Transaction(Some.Put("k1", "on the copy"))], Token);
        }

        var again = new RecordingFollower();
        await using (await OpenAsync(backup, again, time))
            Assert.Equal((checkpoint.Revision + LogRecovery.RestoreJump + 1, "on the copy"), (again.Latest.Revision, again.Latest.Text("k1")));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<DiskCommitLog> OpenAsync(DiskLogOptions options, RecordingFollower follower, TimeProvider time)
    {
        var log = new DiskCommitLog(options, time, _ => { });
        try
        {
            await log.FollowAsync(follower, Token);
            return log;
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    private static string Describe(Commit commit) => $"{commit.Revision}: {string.Join(", ", commit.AllChanges.Select(change =>
        $"{States.Describe(change.Previous)} -> {States.Describe(change.Current)}"))}";
}
