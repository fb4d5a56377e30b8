
namespace KvStore.Storage.Tests;

/// <summary>What a log does when its disk is full or broken.</summary>
public sealed class FaultTests : IAsyncDisposable
{
    private readonly FakeDisk _disk = new(new Random(1));
    private readonly FakeTimeProvider _time = new();
    private readonly List<DiskLogEvent> _events = [];
    private SnapshotPublisher? _follower;
    private DiskCommitLog? _log;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _log?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_DiskFull_RejectsBatchUntilSpace(bool canReserve)
    {
        _disk.CanReserve = canReserve;
        await OpenAsync();
        await CommitAsync(Some.Put("k", "before"));
        var before = States.Describe(_follower!.Latest);
        for (var room = 0; room < 400; room++)
        {
            _disk.CapacityBytes = _disk.UsedBytes + room;
            var outcomes = await _log!.CommitAsync([Some.Transaction(Some.Put("k", new string('v', 300))), Some.Transaction(Some.Put("k2", new string('v', 300)))], Token);
            Assert.All(outcomes, outcome => Stores.IsNotApplied(outcome, NotAppliedReason.NoSpace));
            Assert.Equal(before, States.Describe(_follower.Latest));
            Assert.True(_log.Status.HasNoSpace);
        }

        _disk.CapacityBytes = long.MaxValue;
        await CommitAsync(Some.Put("k", "after"));
        Assert.False(_log!.Status.HasNoSpace);
        Assert.Equal([DiskLogEventKind.Loaded, DiskLogEventKind.NoSpace, DiskLogEventKind.SpaceAgain], _events.Select(e => e.Kind).Where(kind => kind is not (DiskLogEventKind.CheckpointFailed or DiskLogEventKind.CheckpointWritten)));
        await ReopensAsTheSameAsync();
    }

    [Theory]
    [InlineData(DiskOperation.Reserve)]
    [InlineData(DiskOperation.Write)]
    public async Task Commit_NoSpaceAnywhere_LeavesNoTrace(DiskOperation operation)
    {
        await OpenAsync();
        var refused = 0;
        for (var i = 0; i < 60; i++)
        {
            // A checkpoint's operations may fail, too: it is tried again later.
            _disk.Before = (happening, name) =>
            {
                if (happening == operation && i % 2 == 0)
                    throw FakeDiskSession.NoSpace($"{operation}", name);
            };
            var outcome = Assert.Single(await _log!.CommitAsync([Some.Transaction(Some.Put($"k{i % 7}", new string('v', i)))], Token));
            if (outcome is Outcome.Committed)
                continue;
            Stores.IsNotApplied(outcome, NotAppliedReason.NoSpace);
            refused++;
        }

        Assert.InRange(refused, 1, 30);
        _disk.Before = (_, _) => { };
        await CommitAsync(Some.Put("k", "after"));
        await ReopensAsTheSameAsync();
    }

    [Theory]
    [InlineData(DiskOperation.Write)]
    [InlineData(DiskOperation.Flush)]
    public async Task Commit_DiskFails_ClosesAndServesReads(DiskOperation operation)
    {
        await OpenAsync();
        await CommitAsync(Some.Put("k", "before"));
        var before = States.Describe(_follower!.Latest);
        var operations = 0;
        _disk.Before = (happening, name) =>
        {
            operations += happening is DiskOperation.List or DiskOperation.Lock ? 0 : 1;
            if (happening == operation)
                throw FakeDiskSession.Failure($"{operation}", name);
        };

        Assert.IsType<Outcome.Unknown>(Assert.Single(await _log!.CommitAsync([Some.Transaction(Some.Put("k", new string('v', 500)))], Token)));
        var after = operations;
        Stores.IsNotApplied(Assert.Single(await _log.CommitAsync([Some.Transaction(Some.Put("k", "late"))], Token)), NotAppliedReason.LogClosed);

        Assert.Equal((before, DiskLogPhase.Closed), (States.Describe(_follower.Latest), _log.Status.Phase));
        Assert.Contains("restart", _log.Status.ClosedReason, StringComparison.Ordinal);
        Assert.Equal(DiskLogEventKind.Closed, _events[^1].Kind);
        await _log.DisposeAsync();
        Assert.Equal(after, operations);
    }

    [Fact]
    public async Task Commit_NoSpaceAndTruncateFails_Closes()
    {
        _disk.CanReserve = false;
        await OpenAsync();
        _disk.CapacityBytes = _disk.UsedBytes + 30;
        _disk.Before = (operation, name) =>
        {
            if (operation == DiskOperation.Truncate)
                throw FakeDiskSession.Failure("cut", name);
        };
        Assert.IsType<Outcome.Unknown>(Assert.Single(await _log!.CommitAsync([Some.Transaction(Some.Put("k"))], Token)));
        Assert.Equal(DiskLogPhase.Closed, _log.Status.Phase);
    }

    [Fact]
    public async Task Follow_ReadFails_NamesTheFile()
    {
        await OpenAsync();
        await CommitAsync(Some.Put("k"));
        await _log!.DisposeAsync();
        _disk.Before = (operation, name) =>
        {
            if (operation == DiskOperation.Read && name != StoreFile.Name)
                throw FakeDiskSession.Failure("read", name);
        };
        var refusal = await Assert.ThrowsAsync<DiskLogException>(OpenAsync);
        Assert.Equal((DiskLogProblem.Failed, "/fake/00000000000000000001.segment"), (refusal.Problem, refusal.Path));
    }

    [Fact]
    public async Task Commit_FlushPending_IsInvisible()
    {
        await OpenAsync();
        using var flushing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _disk.Before = (operation, _) =>
        {
            if (operation != DiskOperation.Flush)
                return;
            flushing.Set();
            goOn.Wait(Token);
        };
        var commit = _log!.CommitAsync([Some.Transaction(Some.Put("k"))], Token).AsTask();
        flushing.Wait(Token);

        Assert.Equal((0, 0), (_follower!.Latest.Revision, await _log.BarrierAsync(Token)));
        Assert.False(commit.IsCompleted);
        goOn.Set();
        _disk.Before = (_, _) => { };
        Assert.IsType<Outcome.Committed>(Assert.Single(await commit.Within()));
        Assert.Equal(1, _follower.Latest.Revision);
    }

    [Fact]
    public async Task Checkpoint_Fails_KeepsFilesAndNextSucceeds()
    {
        await OpenAsync();
        for (var i = 0; i < 5; i++)
            await CommitAsync(Some.Put($"k{i}"));
        foreach (var operation in new[] { DiskOperation.Create, DiskOperation.Reserve, DiskOperation.Write, DiskOperation.Flush, DiskOperation.Rename, DiskOperation.FlushDirectory })
        {
            var files = _disk.Files.Keys.Where(name => name.EndsWith(".segment", StringComparison.Ordinal)).Order().ToArray();
            _disk.Before = (happening, name) =>
            {
                if (happening == operation)
                    throw FakeDiskSession.Failure($"{operation}", name);
            };
            await Assert.ThrowsAsync<DiskLogException>(() => _log!.CheckpointAsync(Token));
            Assert.Equal(DiskLogEventKind.CheckpointFailed, _events[^1].Kind);
            Assert.Subset(_disk.Files.Keys.ToHashSet(), files.ToHashSet());
            _disk.Before = (_, _) => { };
            await CommitAsync(Some.Put("k", $"{operation}"));
        }

        Assert.Equal(11, (await _log!.CheckpointAsync(Token)).Revision);
        Assert.Equal(11, _log.Status.CheckpointRevision);
        await ReopensAsTheSameAsync();
    }

    private async Task OpenAsync()
    {
        var options = new DiskLogOptions { Directory = "/fake", SegmentBytesMax = 700, ReserveBytes = 64, EmergencyReserveBytes = 0, CheckpointLogBytesMin = 4000, CheckpointRetryDelay = TimeSpan.Zero };
        _follower = new SnapshotPublisher(new StoreOptions(), _time);
        _log = new DiskCommitLog(_disk.Start(), options, _time, _events.Add, action => action());
        await _log.FollowAsync(_follower, Token);
    }

    private async Task CommitAsync(Operation operation) =>
        Assert.IsType<Outcome.Committed>(Assert.Single(await _log!.CommitAsync([Some.Transaction(operation)], Token)));

    // After a power cut, so that only what was flushed counts.
    private async Task ReopensAsTheSameAsync()
    {
        var before = _follower!.Latest;
        _ = _disk.Start();
        await _log!.DisposeAsync();
        _disk.CutPower();
        await OpenAsync();
        Assert.Equal(before.Scan(default).Select(entry => States.Describe(entry)), _follower!.Latest.Scan(default).Select(entry => States.Describe(entry)));
        Assert.Equal(before.Revision + LogRecovery.CrashJump, _follower.Latest.Revision);
    }
}
