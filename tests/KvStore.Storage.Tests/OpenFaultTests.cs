namespace KvStore.Storage.Tests;

/// <summary>What fails before bytes of the log are at risk, such as the creation of a file for want of a descriptor, closes nothing.</summary>
public sealed class OpenFaultTests : IAsyncDisposable
{
    private const int TooManyOpenFiles = 24;
    private const int OutOfMemory = 12;

    private readonly FakeDisk _disk = new(new Random(1));
    private readonly FakeTimeProvider _time = new();
    private readonly List<DiskLogEvent> _events = [];
    private SnapshotPublisher? _follower;
    private DiskCommitLog? _log;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _log?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData(DiskOperation.Create)]
    [InlineData(DiskOperation.Reserve)]
    [InlineData(DiskOperation.Write)]
    [InlineData(DiskOperation.Flush)]
    [InlineData(DiskOperation.Rename)]
    public async Task Commit_RollFails_AffectsNoWriteAndRollsLater(DiskOperation operation)
    {
        await ReopenAsync();
        _disk.Before = (happening, name) =>
        {
            if (happening == operation && (name.EndsWith(".segment.tmp", StringComparison.Ordinal) || operation == DiskOperation.Rename))
                throw FakeDiskSession.Failure($"{operation}", name, TooManyOpenFiles);
        };
        for (var i = 0; i < 30; i++)
            await CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        Assert.Equal((1, DiskLogPhase.Open), (_log!.Status.Segments, _log.Status.Phase));
        Assert.Equal([DiskLogEventKind.Loaded, DiskLogEventKind.RollFailed], _events.Select(happened => happened.Kind));
        Assert.DoesNotContain(_disk.Files.Keys, name => name.EndsWith(FileNames.Unfinished, StringComparison.Ordinal));

        _disk.Before = (_, _) => { };
        for (var i = 0; i < 10; i++)
            await CommitAsync(Some.Put($"k{i}", new string('w', 100)));
        Assert.InRange(_log.Status.Segments, 2, 9);
        await ReopensAsTheSameAsync();
    }

    // A flush of the directory or of the log that fails is a failed flush: what is on the disk is unknown.
    [Theory]
    [InlineData(DiskOperation.FlushDirectory, "")]
    [InlineData(DiskOperation.Write, "00000000000000000001.segment")]
    public async Task Commit_RollFailsAtTheLog_Closes(DiskOperation operation, string file)
    {
        await ReopenAsync();
        var created = false;
        _disk.Before = (happening, name) =>
        {
            created |= happening == DiskOperation.Rename;
            if (created && happening == operation && name == file)
                throw FakeDiskSession.Failure($"{operation}", name);
        };
        while (_log!.Status.Phase == DiskLogPhase.Open)
            await _log.CommitAsync([Some.Transaction(Some.Put("k", new string('v', 100)))], Token);
        _disk.Before = (_, _) => { };
        await ReopensAsTheSameAsync(mayHaveMore: true);
    }

    [Fact]
    public async Task Commit_ReservationFails_IsCommitted()
    {
        await OpenAsync();
        _disk.Before = (happening, name) =>
        {
            if (happening == DiskOperation.Reserve)
                throw FakeDiskSession.Failure("reserve", name, OutOfMemory);
        };
        for (var i = 0; i < 30; i++)
            await CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        await ReopensAsTheSameAsync();
    }

    // The end of the reserved space must not stay behind that of the log, because it is cut there when the disk is full.
    [Fact]
    public async Task Commit_ReservationFailsThenDiskFull_LosesNothing()
    {
        await OpenAsync();
        var failing = true;
        _disk.Before = (happening, name) =>
        {
            if (failing && happening == DiskOperation.Reserve)
                throw FakeDiskSession.Failure("reserve", name, OutOfMemory);
        };
        for (var i = 0; i < 5; i++)
            await CommitAsync(Some.Put($"k{i}", new string('v', 100)));
        failing = false;
        _disk.CapacityBytes = _disk.UsedBytes;
        Stores.IsNotApplied(Assert.Single(await _log!.CommitAsync([Some.Transaction(Some.Put("full", new string('v', 100)))], Token)), NotAppliedReason.NoSpace);
        await ReopensAsTheSameAsync();
    }

    [Theory]
    [InlineData(DiskOperation.Create)]
    [InlineData(DiskOperation.Reserve)]
    [InlineData(DiskOperation.Write)]
    [InlineData(DiskOperation.Flush)]
    [InlineData(DiskOperation.Rename)]
    [InlineData(DiskOperation.FlushDirectory)]
    [InlineData(DiskOperation.List)]
    [InlineData(DiskOperation.Delete)]
    public async Task Checkpoint_Fails_AffectsNoWrite(DiskOperation operation)
    {
        await OpenAsync();
        for (var i = 0; i < 20; i++)
            await CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        _disk.Before = (happening, name) =>
        {
            if (happening == operation)
                throw FakeDiskSession.Failure($"{operation}", name, TooManyOpenFiles);
        };
        await Assert.ThrowsAsync<DiskLogException>(() => _log!.CheckpointAsync(Token));
        _disk.Before = (_, _) => { };
        await CommitAsync(Some.Put("k", "after"));
        Assert.Equal(21, (await _log!.CheckpointAsync(Token)).Revision);
        Assert.InRange(_log.Status.Segments, 1, 2);
        await ReopensAsTheSameAsync();
    }

    // Whichever operation of a start fails: the start fails or copes, and the next one has everything.
    [Fact]
    public async Task Follow_AnyOperationFails_NextStartIsWhole()
    {
        await OpenAsync();
        for (var i = 0; i < 20; i++)
            await CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        await _log!.CheckpointAsync(Token);
        await CommitAsync(Some.Put("k", "last"));
        var expected = _follower!.Latest;
        for (var failing = 0; ; failing++)
        {
            _ = _disk.Start();
            await _log.DisposeAsync();
            var operations = 0;
            _disk.Before = (happening, name) =>
            {
                if (operations++ == failing)
                    throw FakeDiskSession.Failure($"{happening}", name, TooManyOpenFiles);
            };
            try
            {
                await OpenAsync();
            }
            catch (DiskLogException exception)
            {
                Assert.Equal((DiskLogProblem.Failed, TooManyOpenFiles), (exception.Problem, exception.Errno));
            }

            _disk.Before = (_, _) => { };
            _disk.CutPower();
            await OpenAsync();
            Assert.Equal(Describe(expected), Describe(_follower.Latest));
            if (operations <= failing)
                return;
        }
    }

    private static IEnumerable<string> Describe(Snapshot snapshot) => snapshot.Scan(default).Select(entry => States.Describe(entry));

    private async Task OpenAsync()
    {
        var options = new DiskLogOptions { Directory = "/fake", SegmentBytesMax = 1_000, ReserveBytes = 64, EmergencyReserveBytes = 200, CheckpointLogBytesMin = 1 << 20 };
        _follower = new SnapshotPublisher(new StoreOptions(), _time);
        _log = new DiskCommitLog(_disk.Start(), options, _time, _events.Add, action => action());
        await _log.FollowAsync(_follower, Token);
    }

    // So that the log's files are known by their names.
    private async Task ReopenAsync()
    {
        await OpenAsync();
        await _log!.DisposeAsync();
        _events.Clear();
        await OpenAsync();
    }

    private async Task CommitAsync(Operation operation) =>
        Assert.IsType<Outcome.Committed>(Assert.Single(await _log!.CommitAsync([Some.Transaction(operation)], Token)));

    // After a power cut, so that only what was flushed counts.
    private async Task ReopensAsTheSameAsync(bool mayHaveMore = false)
    {
        var before = _follower!.Latest;
        _ = _disk.Start();
        await _log!.DisposeAsync();
        _disk.CutPower();
        await OpenAsync();
        if (!mayHaveMore)
            Assert.Equal(Describe(before), Describe(_follower!.Latest));
        else
            Assert.InRange(_follower!.Latest.Revision - LogRecovery.CrashJump, before.Revision, before.Revision + 1);
    }
}
