namespace KvStore.Storage.Tests;

/// <summary>What still works on a full disk, and the way back from it.</summary>
public sealed class EmergencyReserveTests : IAsyncDisposable
{
    private const int ReserveBytes = 8_000;

    private readonly FakeDisk _disk = new(new Random(1));
    private readonly FakeTimeProvider _time = new();
    private SnapshotPublisher? _follower;
    private DiskCommitLog? _log;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _log?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Commit_DiskFull_AppliesWhatAddsNothing()
    {
        await OpenAsync();
        _disk.CapacityBytes = 30_000;
        await FillUpAsync();
        Transaction delete = new([], [Some.Delete("k3")])
        {
            Idempotency = new Idempotency(Some.Bytes("key"), Some.Bytes("fingerprint"), TimeSpan.FromHours(1), 1000),
        };
        foreach (var refused in new Operation[] { Some.Put("new", "v"), Some.Put("k0", new string('v', 500)), new Increment(Some.Key("n"), 1), new Append(Some.Key("q/"), Some.Bytes("v"), "text/plain") })
            Stores.IsNotApplied(await CommitAsync(refused), NotAppliedReason.NoSpace);
        foreach (var applied in new Operation[]
        {
            Some.Delete("k0"), new Expire(Some.Key("k1"), _follower!.Latest.Find(Some.Key("k1"))!.Value.Revision), new DeletePrefix("k2"u8, 100),
            new SetExpiry(Some.Key("k4"), ExpiryUpdate.At(_time.GetUtcNow().AddDays(1))), Some.Put("k5", "smaller"), new Move(Some.Key("k5"), Some.Key("k0")),
        })
            Assert.IsType<Outcome.Committed>(await CommitAsync(applied));
        Assert.IsType<Outcome.Committed>(Assert.Single(await _log!.CommitAsync([delete], Token)));
        Assert.IsType<Outcome.Replayed>(Assert.Single(await _log.CommitAsync([delete], Token)));
        Assert.True(_log.Status.HasNoSpace);
        await ReopensAsTheSameAsync();
    }

    [Fact]
    public async Task Commit_DiskFull_RefusesOnlyWhatGrowsOrIsTooLarge()
    {
        await OpenAsync();
        _disk.CapacityBytes = 30_000;
        Assert.IsType<Outcome.Committed>(await CommitAsync(Some.Put("large", new string('v', 6_000))));
        await FillUpAsync();
        var outcomes = await _log!.CommitAsync(
            [Transaction(Some.Put("new")), Transaction(Some.Delete("k0")), Transaction(Some.Put("large", new string('w', 5_500))), Transaction(Some.Put("k1", "small")), Transaction(Some.Delete("k2"))], Token);
        Assert.Equal([false, true, false, true, true], outcomes.Select(outcome => outcome is Outcome.Committed));
        Stores.IsNotApplied(outcomes[2], NotAppliedReason.NoSpace);
        Assert.Equal(("small", "(absent)", "vvv"), (_follower!.Latest.Text("k1"), _follower.Latest.Text("k2"), _follower.Latest.Text("large")[..3]));
        await ReopensAsTheSameAsync();
    }

    [Fact]
    public async Task Commit_SpaceAgain_RestoresReserve()
    {
        await OpenAsync();
        for (var round = 1; round <= 3; round++)
        {
            _disk.CapacityBytes = 30_000 * round;
            var filled = await FillAsync();
            Assert.InRange(filled, 10, 1_000);
            Assert.False(_disk.CapacityBytes - _disk.UsedBytes > ReserveBytes);
            Assert.IsType<Outcome.Committed>(await CommitAsync(Some.Delete("k0")));
        }

        await ReopensAsTheSameAsync();
    }

    // On disks of many sizes, because a checkpoint may fit or not by a few bytes.
    [Fact]
    public async Task Commit_DeleteEverythingOnFullDisk_MakesSpace()
    {
        for (var capacity = 30_000; capacity < 32_000; capacity += 97)
        {
            var disk = new FakeDisk(new Random(1)) { CapacityBytes = capacity };
            await OpenAsync(disk);
            var filled = await FillAsync();
            for (var i = 0; i < filled; i++)
                Assert.True(await CommitAsync(Some.Delete($"k{i}")) is Outcome.Committed, $"k{i} of {filled} on a disk of {capacity} bytes was not deleted.");
            Assert.IsType<Outcome.Committed>(await CommitAsync(Some.Put("after", new string('v', 1_000))));
            Assert.False(_log!.Status.HasNoSpace);
            Assert.InRange(await FillAsync(), filled / 2, filled * 2);
            await _log.DisposeAsync();
        }
    }

    [Fact]
    public async Task Follow_DiskFull_ReadsAndDeletes()
    {
        await OpenAsync();
        _disk.CapacityBytes = 30_000;
        await FillUpAsync();
        var before = States.Describe(_follower!.Latest);
        await _log!.DisposeAsync();
        Assert.True(_disk.CapacityBytes - _disk.UsedBytes < ReserveBytes);

        await OpenAsync();
        Assert.Equal(before, States.Describe(_follower.Latest));
        Stores.IsNotApplied(await CommitAsync(Some.Put("new", new string('v', 400))), NotAppliedReason.NoSpace);
        Assert.IsType<Outcome.Committed>(await CommitAsync(Some.Delete("k0")));
        await ReopensAsTheSameAsync();
    }

    // Until there is room for the start marker, the directory stays as it was, however often the service starts.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Follow_NoSpaceAtAll_ServesReadsUntilSpace(bool isClosed)
    {
        await OpenAsync();
        await CommitAsync(Some.Put("k"));
        if (!isClosed)
            _ = _disk.Start();
        await _log!.DisposeAsync();
        await OpenAsync();
        if (!isClosed)
            _ = _disk.Start();
        await _log!.DisposeAsync();
        var revision = 0L;
        for (var start = 0; start < 3; start++)
        {
            _disk.CapacityBytes = 0;
            await OpenAsync();
            Assert.Equal("value", _follower!.Latest.Text("k"));
            Assert.Equal(revision = start == 0 ? _follower.Latest.Revision : revision, _follower.Latest.Revision);
            Stores.IsNotApplied(await CommitAsync(Some.Put("k", "full")), NotAppliedReason.NoSpace);
            Stores.IsNotApplied(await CommitAsync(Some.Delete("k")), NotAppliedReason.NoSpace);
            if (start == 1)
                _ = _disk.Start();

            // Nothing was written that says what this start jumped over, so there is nothing to end, either.
            if (start == 2)
                _disk.CapacityBytes = long.MaxValue;
            await _log!.DisposeAsync();
        }

        await OpenAsync();
        Assert.Equal(revision, _follower!.Latest.Revision);
        Assert.Equal(isClosed, revision < LogRecovery.CrashJump);
        Assert.IsType<Outcome.Committed>(await CommitAsync(Some.Put("k", "after")));
        await ReopensAsTheSameAsync();
    }

    private static Transaction Transaction(Operation operation) => Some.Transaction(operation);

    private async Task OpenAsync(FakeDisk? disk = null)
    {
        var options = new DiskLogOptions
        {
            Directory = "/fake",
            SegmentBytesMax = 10_000,
            ReserveBytes = 500,
            EmergencyReserveBytes = ReserveBytes,
            CheckpointLogBytesMin = 1 << 20,
            CheckpointRetryDelay = TimeSpan.Zero,
        };
        _follower = new SnapshotPublisher(new StoreOptions(), _time);
        _log = new DiskCommitLog((disk ?? _disk).Start(), options, _time, _ => { }, action => action());
        await _log.FollowAsync(_follower, Token);
    }

    private async Task<Outcome> CommitAsync(Operation operation) => Assert.Single(await _log!.CommitAsync([Transaction(operation)], Token));

    // Until the disk is full.
    private async Task<int> FillAsync()
    {
        for (var i = 0; ; i++)
        {
            if (await CommitAsync(Some.Put($"k{i}", new string('v', 300))) is not Outcome.Committed)
                return i;
        }
    }

    // A checkpoint that fails may leave room for a little more.
    private async Task FillUpAsync()
    {
        await FillAsync();
        for (var (i, refusals) = (0, 0); refusals < 5; i++)
            refusals = await CommitAsync(Some.Put($"s{i}", "")) is Outcome.Committed ? 0 : refusals + 1;
    }

    // After a power cut, so that only what was flushed counts.
    private async Task ReopensAsTheSameAsync()
    {
        var before = _follower!.Latest;
        _ = _disk.Start();
        await _log!.DisposeAsync();
        _disk.CutPower();
        await OpenAsync();
        Assert.Equal(before.Scan(default).Select(entry => States.Describe(entry)), _follower!.Latest.Scan(default).Select(entry => States.Describe(entry)));
    }
}
