namespace KvStore.Tests;

public class BatchTests
{
    [Fact]
    public async Task CommitAsync_WritesDuringCommit_FormOneBatch()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        var store = await Stores.StartAsync(log);

        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;
        var others = Enumerable.Range(0, 100).Select(i => store.SubmitAsync(Some.Transaction(Some.Put($"k{i}")))).ToArray();
        gate.Open();
        await Task.WhenAll([first, .. others]).Within();
        await store.StopAsync();

        Assert.Equal([1, 100], log.BatchSizes);
    }

    [Fact]
    public async Task CommitAsync_OverBatchLimit_SplitsInOrder()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        var store = await Stores.StartAsync(log, new StoreOptions { BatchOperationsMax = 10 });

        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;
        var others = Enumerable.Range(0, 25).Select(i => store.SubmitAsync(Some.Transaction(Some.Put("k", $"{i}")))).ToArray();
        gate.Open();
        var outcomes = await Task.WhenAll([first, .. others]).Within();
        await store.StopAsync();

        Assert.Equal([1, 10, 10, 5], log.BatchSizes);
        var revisions = outcomes.Cast<Outcome.Committed>().Select(outcome => outcome.Revision).ToArray();
        Assert.Equal(revisions.Order(), revisions);
        Assert.Equal("24", store.Latest.Text("k"));
    }

    [Fact]
    public async Task SubmitAsync_ClockStopped_Commits()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), time: time);

        await store.CommitAsync(Some.Put("k"));
    }

    [Fact]
    public async Task SubmitAsync_CommitRunning_IsInvisible()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        await using var store = await Stores.StartAsync(log);
        var before = store.Latest;

        var write = store.SubmitAsync(Some.Transaction(Some.Put("k")));
        await gate.Reached;
        Assert.False(write.IsCompleted);
        Assert.Same(before, store.Latest);

        gate.Open();
        Assert.IsType<Outcome.Committed>(await write.Within());
        Assert.Equal("value", store.Latest.Text("k"));
    }

    [Fact]
    public async Task SubmitAsync_Outcome_FollowsSnapshot()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committed = gate.PassAsync };
        await using var store = await Stores.StartAsync(log);

        var write = store.SubmitAsync(Some.Transaction(Some.Put("k")));
        await gate.Reached;
        Assert.Equal("value", store.Latest.Text("k"));
        Assert.False(write.IsCompleted);

        gate.Open();
        await write.Within();
    }

    [Fact]
    public async Task SubmitAsync_LateDelivery_WaitsForSnapshot()
    {
        var gate = new Gate();
        await using var store = await Stores.StartAsync(new SharingLog(TimeProvider.System) { Delivering = gate.PassAsync });

        var write = store.SubmitAsync(Some.Transaction(Some.Put("k")));
        await gate.Reached;
        for (var i = 0; i < 1_000; i++)
            await Task.Yield();
        var answered = write.IsCompleted;

        gate.Open();
        Assert.False(answered);
        var committed = Assert.IsType<Outcome.Committed>(await write.Within());
        Assert.True(store.Latest.Revision >= committed.Revision);
        Assert.Equal("value", store.Latest.Text("k"));
    }

    [Fact]
    public async Task SubmitAsync_CallerBlocksInContinuation_LoopContinues()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        await using var store = await Stores.StartAsync(log);
        using var release = new ManualResetEventSlim();

        var write = store.SubmitAsync(Some.Transaction(Some.Put("blocker")));
        var blocker = write.ContinueWith(
            _ => release.Wait(TimeSpan.FromSeconds(30)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await gate.Reached;
        gate.Open();
        try
        {
            await store.CommitAsync(Some.Put("other"));
            Assert.False(blocker.IsCompleted);
        }
        finally
        {
            release.Set();
            Assert.True(await blocker.Within());
        }
    }

    [Fact]
    public async Task SubmitAsync_OthersWrite_ReleasesCallerAfterOneBatch()
    {
        const int Writes = 1_000;
        var log = new FakeCommitLog();
        await using var store = await Stores.StartAsync(log);
        var (callersThread, batchesInIt, submitted) = (0, 0, 0);
        var last = new TaskCompletionSource();
        log.Committing = () =>
        {
            if (Environment.CurrentManagedThreadId == callersThread)
                batchesInIt++;
            if (++submitted < Writes)
                _ = store.SubmitAsync(Some.Transaction(Some.Put("another")));
            else
                last.TrySetResult();
            return Task.CompletedTask;
        };

        // A thread of its own, because one of the pool may be given to the loop again.
        var returned = new TaskCompletionSource();
        new Thread(() =>
        {
            callersThread = Environment.CurrentManagedThreadId;
            _ = store.SubmitAsync(Some.Transaction(Some.Put("first")));
            returned.SetResult();
        }).Start();

        await returned.Task.Within();
        await last.Task.Within();
        Assert.InRange(batchesInIt, 0, 1);
    }

    [Fact]
    public async Task Start_AsyncLocals_AreNotInherited()
    {
        var local = new AsyncLocal<string?>();
        var seen = new List<string?>();
        var log = new FakeCommitLog
        {
            Following = _ => See(),
            Committing = See,
        };
        local.Value = "a request's";
        var store = await Stores.StartAsync(log);
        await store.CommitAsync(Some.Put("k1"));
        local.Value = "another request's";
        await store.CommitAsync(Some.Put("k2"));
        await store.StopAsync();

        Assert.Equal([null, null, null], seen);

        Task See()
        {
            seen.Add(local.Value);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Start_FlowSuppressed_Starts()
    {
        var store = new Store(new MemoryCommitLog(TimeProvider.System), new StoreOptions(), TimeProvider.System);
        using (ExecutionContext.SuppressFlow())
            store.Start();

        await store.Loaded.Within();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Start_Twice_FollowsTheLogOnce()
    {
        var follows = 0;
        var log = new FakeCommitLog { Following = _ => Task.FromResult(Interlocked.Increment(ref follows)) };
        var store = await Stores.StartAsync(log);
        store.Start();
        await store.CommitAsync(Some.Put("k"));
        await store.StopAsync();

        Assert.Equal(1, follows);
    }
}
