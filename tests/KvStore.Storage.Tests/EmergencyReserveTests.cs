namespace KvStore.Storage.Tests;

/// <summary>What still works on a full disk, and the way back from it.</summary>
public sealed class EmergencyReserveTests : IAsyncDisposable
{
    private const int ReserveBytes = 8_000;

    private readonly FakeDiskLog _fake = new(new DiskLogOptions
    {
        Directory = "/fake",
        SegmentBytesMax = 10_000,
        ReserveBytes = 500,
        EmergencyReserveBytes = ReserveBytes,
        CheckpointLogBytesMin = 1 << 20,
        CheckpointRetryDelay = TimeSpan.Zero,
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _fake.DisposeAsync();

    [Fact]
    public async Task Commit_DiskFull_AppliesWhatAddsNothing()
    {
        await _fake.OpenAsync();
        _fake.Disk.CapacityBytes = 30_000;
        await FillUpAsync();
        Transaction delete = new([], [Some.Delete("k3")])
        {
            Idempotency = new Idempotency(Some.Bytes("key"), Some.Bytes("fingerprint"), TimeSpan.FromHours(1), 1000),
        };
        foreach (var refused in new Operation[] { Some.Put("new", "v"), Some.Put("k0", new string('v', 500)), new Increment(Some.Key("n"), 1), new Append(Some.Key("q/"), Some.Bytes("v"), "text/plain") })
            Stores.IsNotApplied(await _fake.SubmitAsync(refused), NotAppliedReason.NoSpace);
        foreach (var applied in new Operation[]
        {
            Some.Delete("k0"), new Expire(Some.Key("k1"), _fake.Follower.Latest.Find(Some.Key("k1"))!.Value.Revision), new DeletePrefix("k2"u8, 100),
            new SetExpiry(Some.Key("k4"), ExpiryUpdate.At(_fake.Time.GetUtcNow().AddDays(1))), Some.Put("k5", "smaller"), new Move(Some.Key("k5"), Some.Key("k0")),
        })
            Assert.IsType<Outcome.Committed>(await _fake.SubmitAsync(applied));
        Assert.IsType<Outcome.Committed>(Assert.Single(await _fake.Log.CommitAsync([delete], Token)));
        Assert.IsType<Outcome.Replayed>(Assert.Single(await _fake.Log.CommitAsync([delete], Token)));
        Assert.True(_fake.Log.Status.HasNoSpace);
        await _fake.ReopensAsTheSameAsync();
    }

    [Fact]
    public async Task Commit_DiskFull_RefusesOnlyWhatGrowsOrIsTooLarge()
    {
        await _fake.OpenAsync();
        _fake.Disk.CapacityBytes = 30_000;
        Assert.IsType<Outcome.Committed>(await _fake.SubmitAsync(Some.Put("large", new string('v', 6_000))));
        await FillUpAsync();
        var outcomes = await _fake.Log.CommitAsync(
            [Transaction(Some.Put("new")), Transaction(Some.Delete("k0")), Transaction(Some.Put("large", new string('w', 5_500))), Transaction(Some.Put("k1", "small")), Transaction(Some.Delete("k2"))], Token);
        Assert.Equal([false, true, false, true, true], outcomes.Select(outcome => outcome is Outcome.Committed));
        Stores.IsNotApplied(outcomes[2], NotAppliedReason.NoSpace);
        Assert.Equal(("small", "(absent)", "vvv"), (_fake.Follower.Latest.Text("k1"), _fake.Follower.Latest.Text("k2"), _fake.Follower.Latest.Text("large")[..3]));
        await _fake.ReopensAsTheSameAsync();
    }

    [Fact]
    public async Task Commit_SpaceAgain_RestoresReserve()
    {
        await _fake.OpenAsync();
        for (var round = 1; round <= 3; round++)
        {
            _fake.Disk.CapacityBytes = 30_000 * round;
            var filled = await FillAsync();
            Assert.InRange(filled, 10, 1_000);
            Assert.False(_fake.Disk.CapacityBytes - _fake.Disk.UsedBytes > ReserveBytes);
            Assert.IsType<Outcome.Committed>(await _fake.SubmitAsync(Some.Delete("k0")));
        }

        await _fake.ReopensAsTheSameAsync();
    }

    // On disks of many sizes, because a checkpoint may fit or not by a few bytes.
    [Fact]
    public async Task Commit_DeleteEverythingOnFullDisk_MakesSpace()
    {
        for (var capacity = 30_000; capacity < 32_000; capacity += 97)
        {
            var disk = new FakeDisk(new Random(1)) { CapacityBytes = capacity };
            await _fake.OpenAsync(disk);
            var filled = await FillAsync();
            for (var i = 0; i < filled; i++)
                Assert.True(await _fake.SubmitAsync(Some.Delete($"k{i}")) is Outcome.Committed, $"k{i} of {filled} on a disk of {capacity} bytes was not deleted.");
            Assert.IsType<Outcome.Committed>(await _fake.SubmitAsync(Some.Put("after", new string('v', 1_000))));
            Assert.False(_fake.Log.Status.HasNoSpace);
            Assert.InRange(await FillAsync(), filled / 2, filled * 2);
            await _fake.Log.DisposeAsync();
        }
    }

    [Fact]
    public async Task Follow_DiskFull_ReadsAndDeletes()
    {
        await _fake.OpenAsync();
        _fake.Disk.CapacityBytes = 30_000;
        await FillUpAsync();
        var before = States.Describe(_fake.Follower.Latest);
        await _fake.Log.DisposeAsync();
        Assert.True(_fake.Disk.CapacityBytes - _fake.Disk.UsedBytes < ReserveBytes);

        await _fake.OpenAsync();
        Assert.Equal(before, States.Describe(_fake.Follower.Latest));
        Stores.IsNotApplied(await _fake.SubmitAsync(Some.Put("new", new string('v', 400))), NotAppliedReason.NoSpace);
        Assert.IsType<Outcome.Committed>(await _fake.SubmitAsync(Some.Delete("k0")));
        await _fake.ReopensAsTheSameAsync();
    }

    // Until there is room for the start marker, the directory stays as it was, however often the service starts.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Follow_NoSpaceAtAll_ServesReadsUntilSpace(bool isClosed)
    {
        await _fake.OpenAsync();
        await _fake.SubmitAsync(Some.Put("k"));
        if (!isClosed)
            _ = _fake.Disk.Start();
        await _fake.Log.DisposeAsync();
        await _fake.OpenAsync();
        if (!isClosed)
            _ = _fake.Disk.Start();
        await _fake.Log.DisposeAsync();
        var revision = 0L;
        for (var start = 0; start < 3; start++)
        {
            _fake.Disk.CapacityBytes = 0;
            await _fake.OpenAsync();
            Assert.Equal("value", _fake.Follower.Latest.Text("k"));
            Assert.Equal(revision = start == 0 ? _fake.Follower.Latest.Revision : revision, _fake.Follower.Latest.Revision);
            Stores.IsNotApplied(await _fake.SubmitAsync(Some.Put("k", "full")), NotAppliedReason.NoSpace);
            Stores.IsNotApplied(await _fake.SubmitAsync(Some.Delete("k")), NotAppliedReason.NoSpace);
            if (start == 1)
                _ = _fake.Disk.Start();

            // Nothing was written that says what this start jumped over, so there is nothing to end, either.
            if (start == 2)
                _fake.Disk.CapacityBytes = long.MaxValue;
            await _fake.Log.DisposeAsync();
        }

        await _fake.OpenAsync();
        Assert.Equal(revision, _fake.Follower.Latest.Revision);
        Assert.Equal(isClosed, revision < LogRecovery.CrashJump);
        Assert.IsType<Outcome.Committed>(await _fake.SubmitAsync(Some.Put("k", "after")));
        await _fake.ReopensAsTheSameAsync();
    }

    private static Transaction Transaction(Operation operation) => Some.Transaction(operation);

    // Until the disk is full.
    private async Task<int> FillAsync()
    {
        for (var i = 0; ; i++)
        {
            if (await _fake.SubmitAsync(Some.Put($"k{i}", new string('v', 300))) is not Outcome.Committed)
                return i;
        }
    }

    // A checkpoint that fails may leave room for a little more.
    private async Task FillUpAsync()
    {
        await FillAsync();
        for (var (i, refusals) = (0, 0); refusals < 5; i++)
            refusals = await _fake.SubmitAsync(Some.Put($"s{i}", "")) is Outcome.Committed ? 0 : refusals + 1;
    }
}
