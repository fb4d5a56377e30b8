namespace KvStore.Storage.Tests;

/// <summary>What a log does when its disk is full or broken.</summary>
public sealed class FaultTests : IAsyncDisposable
{
    private readonly FakeDiskLog _fake = new(new DiskLogOptions
    {
        Directory = "/fake",
        SegmentBytesMax = 700,
        ReserveBytes = 64,
        EmergencyReserveBytes = 0,
        CheckpointLogBytesMin = 4000,
        CheckpointRetryDelay = TimeSpan.Zero,
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _fake.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_DiskFull_RejectsBatchUntilSpace(bool canReserve)
    {
        _fake.Disk.CanReserve = canReserve;
        await _fake.OpenAsync();
        await _fake.CommitAsync(Some.Put("k", "before"));
        var before = States.Describe(_fake.Follower.Latest);
        for (var room = 0; room < 400; room++)
        {
            _fake.Disk.CapacityBytes = _fake.Disk.UsedBytes + room;
            var outcomes = await _fake.Log.CommitAsync([Some.Transaction(Some.Put("k", new string('v', 300))), Some.Transaction(Some.Put("k2", new string('v', 300)))], Token);
            Assert.All(outcomes, outcome => Stores.IsNotApplied(outcome, NotAppliedReason.NoSpace));
            Assert.Equal(before, States.Describe(_fake.Follower.Latest));
            Assert.True(_fake.Log.Status.HasNoSpace);
        }

        _fake.Disk.CapacityBytes = long.MaxValue;
        await _fake.CommitAsync(Some.Put("k", "after"));
        Assert.False(_fake.Log.Status.HasNoSpace);
        Assert.Equal([DiskLogEventKind.Loaded, DiskLogEventKind.NoSpace, DiskLogEventKind.SpaceAgain], _fake.Events.Select(e => e.Kind).Where(kind => kind is not (DiskLogEventKind.CheckpointFailed or DiskLogEventKind.CheckpointWritten)));
        await _fake.ReopensAsTheSameAsync();
    }

    // What was refused is in the array that the value grows in, and is no part of any value.
    [Fact]
    public async Task Commit_ExtensionWithoutSpace_LeavesNoTrace()
    {
        await _fake.OpenAsync();
        var key = Some.Key("m");
        await _fake.CommitAsync(new Put(key, new byte[2000], Entry.MergeableContentType) { IsRewrite = true });
        for (var i = 0; i < 20; i++)
        {
            var before = _fake.Follower.Latest.Find(key)!.Value;
            var value = before.Value.ToArray();
            _fake.Disk.CapacityBytes = _fake.Disk.UsedBytes;
            Stores.IsNotApplied(await _fake.SubmitAsync(new Extend(key, 1, before.ValueLength, Some.Bytes($"refused {i}"))), NotAppliedReason.NoSpace);
            _fake.Disk.CapacityBytes = long.MaxValue;
            await _fake.CommitAsync(new Extend(key, 1, before.ValueLength, Some.Bytes($"{i}")));

            Assert.Equal(value, before.Value.ToArray());
            Assert.Equal([.. value, .. Some.Bytes($"{i}")], _fake.Follower.Latest.Find(key)!.Value.Value.ToArray());
        }

        await _fake.ReopensAsTheSameAsync();
    }

    [Theory]
    [InlineData(DiskOperation.Reserve)]
    [InlineData(DiskOperation.Write)]
    public async Task Commit_NoSpaceAnywhere_LeavesNoTrace(DiskOperation operation)
    {
        await _fake.OpenAsync();
        var refused = 0;
        for (var i = 0; i < 60; i++)
        {
            // A checkpoint's operations may fail, too: it is tried again later.
            _fake.Disk.Before = (happening, name) =>
            {
                if (happening == operation && i % 2 == 0)
                    throw FakeDiskSession.NoSpace($"{operation}", name);
            };
            var outcome = Assert.Single(await _fake.Log.CommitAsync([Some.Transaction(Some.Put($"k{i % 7}", new string('v', i)))], Token));
            if (outcome is Outcome.Committed)
                continue;
            Stores.IsNotApplied(outcome, NotAppliedReason.NoSpace);
            refused++;
        }

        Assert.InRange(refused, 1, 30);
        _fake.Disk.Before = (_, _) => { };
        await _fake.CommitAsync(Some.Put("k", "after"));
        await _fake.ReopensAsTheSameAsync();
    }

    [Theory]
    [InlineData(DiskOperation.Write)]
    [InlineData(DiskOperation.Flush)]
    public async Task Commit_DiskFails_ClosesAndServesReads(DiskOperation operation)
    {
        await _fake.OpenAsync();
        await _fake.CommitAsync(Some.Put("k", "before"));
        var before = States.Describe(_fake.Follower.Latest);
        var operations = 0;
        _fake.Disk.Before = (happening, name) =>
        {
            operations += happening is DiskOperation.List or DiskOperation.Lock ? 0 : 1;
            if (happening == operation)
                throw FakeDiskSession.Failure($"{operation}", name);
        };

        Assert.IsType<Outcome.Unknown>(Assert.Single(await _fake.Log.CommitAsync([Some.Transaction(Some.Put("k", new string('v', 500)))], Token)));
        var after = operations;
        Stores.IsNotApplied(Assert.Single(await _fake.Log.CommitAsync([Some.Transaction(Some.Put("k", "late"))], Token)), NotAppliedReason.LogClosed);

        Assert.Equal((before, DiskLogPhase.Closed), (States.Describe(_fake.Follower.Latest), _fake.Log.Status.Phase));
        Assert.Contains("restart", _fake.Log.Status.ClosedReason, StringComparison.Ordinal);
        Assert.Equal(DiskLogEventKind.Closed, _fake.Events[^1].Kind);
        await _fake.Log.DisposeAsync();
        Assert.Equal(after, operations);
    }

    [Fact]
    public async Task Commit_NoSpaceAndTruncateFails_Closes()
    {
        _fake.Disk.CanReserve = false;
        await _fake.OpenAsync();
        _fake.Disk.CapacityBytes = _fake.Disk.UsedBytes + 30;
        _fake.Disk.Before = (operation, name) =>
        {
            if (operation == DiskOperation.Truncate)
                throw FakeDiskSession.Failure("cut", name);
        };
        Assert.IsType<Outcome.Unknown>(Assert.Single(await _fake.Log.CommitAsync([Some.Transaction(Some.Put("k"))], Token)));
        Assert.Equal(DiskLogPhase.Closed, _fake.Log.Status.Phase);
    }

    [Fact]
    public async Task Follow_ReadFails_NamesTheFile()
    {
        await _fake.OpenAsync();
        await _fake.CommitAsync(Some.Put("k"));
        await _fake.Log.DisposeAsync();
        _fake.Disk.Before = (operation, name) =>
        {
            if (operation == DiskOperation.Read && name != StoreFile.Name)
                throw FakeDiskSession.Failure("read", name);
        };
        var refusal = await Assert.ThrowsAsync<DiskLogException>(() => _fake.OpenAsync());
        Assert.Equal((DiskLogProblem.Failed, "/fake/00000000000000000001.segment"), (refusal.Problem, refusal.Path));
    }

    [Fact]
    public async Task Commit_FlushPending_IsInvisible()
    {
        await _fake.OpenAsync();
        using var flushing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _fake.Disk.Before = (operation, _) =>
        {
            if (operation != DiskOperation.Flush)
                return;
            flushing.Set();
            goOn.Wait(Token);
        };
        var commit = Task.Run(async () => await _fake.Log.CommitAsync([Some.Transaction(Some.Put("k"))], Token), Token);
        flushing.Wait(Token);

        Assert.Equal((0, 0), (_fake.Follower.Latest.Revision, await _fake.Log.BarrierAsync(Token)));
        Assert.False(commit.IsCompleted);
        goOn.Set();
        _fake.Disk.Before = (_, _) => { };
        Assert.IsType<Outcome.Committed>(Assert.Single(await commit.Within()));
        Assert.Equal(1, _fake.Follower.Latest.Revision);
    }

    [Fact]
    public async Task Checkpoint_Fails_KeepsFilesAndNextSucceeds()
    {
        await _fake.OpenAsync();
        for (var i = 0; i < 5; i++)
            await _fake.CommitAsync(Some.Put($"k{i}"));
        foreach (var operation in new[] { DiskOperation.Create, DiskOperation.Reserve, DiskOperation.Write, DiskOperation.Flush, DiskOperation.Rename, DiskOperation.FlushDirectory })
        {
            var files = _fake.Disk.Files.Keys.Where(name => name.EndsWith(".segment", StringComparison.Ordinal)).Order().ToArray();
            _fake.Disk.Before = (happening, name) =>
            {
                if (happening == operation)
                    throw FakeDiskSession.Failure($"{operation}", name);
            };
            await Assert.ThrowsAsync<DiskLogException>(() => _fake.Log.CheckpointAsync(Token));
            Assert.Equal(DiskLogEventKind.CheckpointFailed, _fake.Events[^1].Kind);
            Assert.Subset(_fake.Disk.Files.Keys.ToHashSet(), files.ToHashSet());
            _fake.Disk.Before = (_, _) => { };
            await _fake.CommitAsync(Some.Put("k", $"{operation}"));
        }

        Assert.Equal(11, (await _fake.Log.CheckpointAsync(Token)).Revision);
        Assert.Equal(11, _fake.Log.Status.CheckpointRevision);
        await _fake.ReopensAsTheSameAsync();
    }
}
