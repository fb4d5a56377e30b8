namespace KvStore.Storage.Tests;

/// <summary>What fails before bytes of the log are at risk, such as the creation of a file for want of a descriptor, closes nothing.</summary>
public sealed class OpenFaultTests : IAsyncDisposable
{
    private const int TooManyOpenFiles = 24;
    private const int OutOfMemory = 12;

    private readonly FakeDiskLog _fake = new(new DiskLogOptions { Directory = "/fake", SegmentBytesMax = 1_000, ReserveBytes = 64, EmergencyReserveBytes = 200, CheckpointLogBytesMin = 1 << 20 });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _fake.DisposeAsync();

    [Theory]
    [InlineData(DiskOperation.Create)]
    [InlineData(DiskOperation.Reserve)]
    [InlineData(DiskOperation.Write)]
    [InlineData(DiskOperation.Flush)]
    [InlineData(DiskOperation.Rename)]
    public async Task Commit_RollFails_AffectsNoWriteAndRollsLater(DiskOperation operation)
    {
        await ReopenAsync();
        _fake.Disk.Before = (happening, name) =>
        {
            if (happening == operation && (name.EndsWith(".segment.tmp", StringComparison.Ordinal) || operation == DiskOperation.Rename))
                throw FakeDiskSession.Failure($"{operation}", name, TooManyOpenFiles);
        };
        for (var i = 0; i < 30; i++)
            await _fake.CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        Assert.Equal((1, DiskLogPhase.Open), (_fake.Log.Status.Segments, _fake.Log.Status.Phase));
        Assert.Equal([DiskLogEventKind.Loaded, DiskLogEventKind.RollFailed], _fake.Events.Select(happened => happened.Kind));
        Assert.DoesNotContain(_fake.Disk.Files.Keys, name => name.EndsWith(FileNames.Unfinished, StringComparison.Ordinal));

        _fake.Disk.Before = (_, _) => { };
        for (var i = 0; i < 10; i++)
            await _fake.CommitAsync(Some.Put($"k{i}", new string('w', 100)));
        Assert.InRange(_fake.Log.Status.Segments, 2, 9);
        await _fake.ReopensAsTheSameAsync();
    }

    // A flush of the directory or of the log that fails is a failed flush: what is on the disk is unknown.
    [Theory]
    [InlineData(DiskOperation.FlushDirectory, "")]
    [InlineData(DiskOperation.Write, "00000000000000000001.segment")]
    public async Task Commit_RollFailsAtTheLog_Closes(DiskOperation operation, string file)
    {
        await ReopenAsync();
        var created = false;
        _fake.Disk.Before = (happening, name) =>
        {
            created |= happening == DiskOperation.Rename;
            if (created && happening == operation && name == file)
                throw FakeDiskSession.Failure($"{operation}", name);
        };
        while (_fake.Log.Status.Phase == DiskLogPhase.Open)
            await _fake.Log.CommitAsync([Some.Transaction(Some.Put("k", new string('v', 100)))], Token);
        _fake.Disk.Before = (_, _) => { };
        var before = await _fake.CutPowerAsync();
        Assert.InRange(_fake.Follower.Latest.Revision - LogRecovery.CrashJump, before.Revision, before.Revision + 1);
    }

    [Fact]
    public async Task Commit_ReservationFails_IsCommitted()
    {
        await _fake.OpenAsync();
        _fake.Disk.Before = (happening, name) =>
        {
            if (happening == DiskOperation.Reserve)
                throw FakeDiskSession.Failure("reserve", name, OutOfMemory);
        };
        for (var i = 0; i < 30; i++)
            await _fake.CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        await _fake.ReopensAsTheSameAsync();
    }

    // The end of the reserved space must not stay behind that of the log, because it is cut there when the disk is full.
    [Fact]
    public async Task Commit_ReservationFailsThenDiskFull_LosesNothing()
    {
        await _fake.OpenAsync();
        var failing = true;
        _fake.Disk.Before = (happening, name) =>
        {
            if (failing && happening == DiskOperation.Reserve)
                throw FakeDiskSession.Failure("reserve", name, OutOfMemory);
        };
        for (var i = 0; i < 5; i++)
            await _fake.CommitAsync(Some.Put($"k{i}", new string('v', 100)));
        failing = false;
        _fake.Disk.CapacityBytes = _fake.Disk.UsedBytes;
        Stores.IsNotApplied(Assert.Single(await _fake.Log.CommitAsync([Some.Transaction(Some.Put("full", new string('v', 100)))], Token)), NotAppliedReason.NoSpace);
        await _fake.ReopensAsTheSameAsync();
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
        await _fake.OpenAsync();
        for (var i = 0; i < 20; i++)
            await _fake.CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        _fake.Disk.Before = (happening, name) =>
        {
            if (happening == operation)
                throw FakeDiskSession.Failure($"{operation}", name, TooManyOpenFiles);
        };
        await Assert.ThrowsAsync<DiskLogException>(() => _fake.Log.CheckpointAsync(Token));
        _fake.Disk.Before = (_, _) => { };
        await _fake.CommitAsync(Some.Put("k", "after"));
        Assert.Equal(21, (await _fake.Log.CheckpointAsync(Token)).Revision);
        Assert.InRange(_fake.Log.Status.Segments, 1, 2);
        await _fake.ReopensAsTheSameAsync();
    }

    // Whichever operation of a start fails: the start fails or copes, and the next one has everything.
    [Fact]
    public async Task Follow_AnyOperationFails_NextStartIsWhole()
    {
        await _fake.OpenAsync();
        for (var i = 0; i < 20; i++)
            await _fake.CommitAsync(Some.Put($"k{i % 7}", new string('v', 100)));
        await _fake.Log.CheckpointAsync(Token);
        await _fake.CommitAsync(Some.Put("k", "last"));
        var expected = _fake.Follower.Latest;
        for (var failing = 0; ; failing++)
        {
            _ = _fake.Disk.Start();
            await _fake.Log.DisposeAsync();
            var operations = 0;
            _fake.Disk.Before = (happening, name) =>
            {
                if (operations++ == failing)
                    throw FakeDiskSession.Failure($"{happening}", name, TooManyOpenFiles);
            };
            try
            {
                await _fake.OpenAsync();
            }
            catch (DiskLogException exception)
            {
                Assert.Equal((DiskLogProblem.Failed, TooManyOpenFiles), (exception.Problem, exception.Errno));
            }

            _fake.Disk.Before = (_, _) => { };
            _fake.Disk.CutPower();
            await _fake.OpenAsync();
            _fake.Has(expected);
            if (operations <= failing)
                return;
        }
    }

    // So that the log's files are known by their names.
    private async Task ReopenAsync()
    {
        await _fake.OpenAsync();
        await _fake.Log.DisposeAsync();
        _fake.Events.Clear();
        await _fake.OpenAsync();
    }
}
