namespace KvStore.Storage.Tests;

/// <summary>On which thread a batch is committed, and what a disk that does not answer holds up.</summary>
public sealed class CommittingThreadTests : IAsyncDisposable
{
    private readonly FakeDiskLog _fake = new(new DiskLogOptions { Directory = "/fake", ReserveBytes = 64 });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _fake.DisposeAsync();

    [Fact]
    public async Task Commit_ShortFlushes_RunsOnCallersThread()
    {
        await _fake.OpenAsync();
        var flushedOn = 0;
        _fake.Disk.Before = (operation, _) => flushedOn = operation == DiskOperation.Flush ? Environment.CurrentManagedThreadId : flushedOn;
        var callersThread = Environment.CurrentManagedThreadId;
        var commit = _fake.Log.CommitAsync([Some.Transaction(Some.Put("k"))], Token);

        Assert.True(commit.IsCompletedSuccessfully);
        Assert.IsType<Outcome.Committed>(Assert.Single(await commit));
        Assert.Equal(callersThread, flushedOn);
    }

    [Fact]
    public async Task Commit_LongFlushes_RunsOnLogsThreadUntilTheyAreShort()
    {
        await _fake.OpenAsync();
        var (flush, flushedOn) = (TimeSpan.FromMilliseconds(20), (string?)null);
        _fake.Disk.Before = (operation, _) =>
        {
            if (operation != DiskOperation.Flush)
                return;
            flushedOn = Thread.CurrentThread.Name;
            _fake.Time.Advance(flush);
        };
        await _fake.CommitAsync(Some.Put("k"));
        await _fake.CommitAsync(Some.Put("k"));
        Assert.Equal("log", flushedOn);

        flush = TimeSpan.FromMicroseconds(100);
        for (var i = 0; i < 100; i++)
            await _fake.CommitAsync(Some.Put("k"));
        Assert.NotEqual("log", flushedOn);
    }

    [Fact]
    public async Task Commit_FromLogsThread_ContinuesElsewhere()
    {
        await _fake.OpenAsync();
        _fake.Disk.Before = (operation, _) => _fake.Time.Advance(TimeSpan.FromSeconds(operation == DiskOperation.Flush ? 1 : 0));
        await using var store = await StartAsync();
        for (var i = 0; i < 10; i++)
        {
            await store.SubmitAsync(new Transaction([], [Some.Put($"k{i}")]) { ContinuesInline = true }).Within();
            Assert.NotEqual("log", Thread.CurrentThread.Name);
        }
    }

    [Fact]
    public async Task Submit_FlushBlocks_AdmitsAndReads()
    {
        await using var store = await StartAsync();
        using var flush = new BlockedFlush(_fake.Disk);
        var first = Task.Run(() => store.SubmitAsync(Some.Transaction(Some.Put("first"))), Token);
        await flush.Reached.Within();
        var others = Enumerable.Range(0, 50).Select(i => store.SubmitAsync(Some.Transaction(Some.Put($"k{i}")))).ToArray();

        Assert.Equal(0, (await store.ReadAsync(Token))!.Count);
        Assert.All(others, other => Assert.False(other.IsCompleted));
        flush.Release();
        Assert.All(await Task.WhenAll([first, .. others]).Within(), outcome => Assert.IsType<Outcome.Committed>(outcome));
        Assert.Equal(51, store.Latest.Count);
    }

    [Fact]
    public async Task Stop_FlushBlocks_WaitsAndCommitsAll()
    {
        var store = await StartAsync();
        using var flush = new BlockedFlush(_fake.Disk);
        var first = Task.Run(() => store.SubmitAsync(Some.Transaction(Some.Put("first"))), Token);
        await flush.Reached.Within();
        var second = store.SubmitAsync(Some.Transaction(Some.Put("second")));
        var stop = store.StopAsync(Token);
        Assert.False(stop.IsCompleted);
        flush.Release();
        await stop.Within();

        Assert.All(await Task.WhenAll(first, second).Within(), outcome => Assert.IsType<Outcome.Committed>(outcome));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_FlushBlocks_WaitsForIt()
    {
        await _fake.OpenAsync();
        using var flush = new BlockedFlush(_fake.Disk);
        var commit = Task.Run(async () => await _fake.Log.CommitAsync([Some.Transaction(Some.Put("k"))], Token), Token);
        await flush.Reached.Within();
        var dispose = _fake.Log.DisposeAsync().AsTask();
        Assert.False(dispose.IsCompleted);
        flush.Release();
        await dispose.Within();

        Assert.IsType<Outcome.Committed>(Assert.Single(await commit.Within()));
        Assert.Equal(DiskLogPhase.Closed, _fake.Log.Status.Phase);
    }

    [Fact]
    public async Task Submit_DiskThrowsWhatItMustNot_FailsTheStore()
    {
        var store = await StartAsync();
        _fake.Disk.Before = (operation, _) =>
        {
            if (operation == DiskOperation.Write)
                throw new InvalidOperationException("planned by the test");
        };

        Assert.IsType<Outcome.Unknown>(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within());
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Completion.Within());
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within(), NotAppliedReason.Failed);
        _fake.Disk.Before = (_, _) => { };
        await store.DisposeAsync();
    }

    private Task<Store> StartAsync() =>
        Stores.StartAsync(new DiskCommitLog(_fake.Disk.Start(), new DiskLogOptions { Directory = "/fake", ReserveBytes = 64 }, _fake.Time, _ => { }, action => action()));

    /// <summary>The next flush of a disk, which waits until it is released.</summary>
    private sealed class BlockedFlush : IDisposable
    {
        private readonly FakeDisk _disk;
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();

        public BlockedFlush(FakeDisk disk)
        {
            _disk = disk;
            disk.Before = (operation, _) =>
            {
                if (operation != DiskOperation.Flush)
                    return;
                _reached.TrySetResult();
                _released.Wait(Soon.Patience, Token);
            };
        }

        public Task Reached => _reached.Task;

        public void Release()
        {
            _disk.Before = (_, _) => { };
            _released.Set();
        }

        public void Dispose()
        {
            Release();
            _released.Dispose();
        }
    }
}
