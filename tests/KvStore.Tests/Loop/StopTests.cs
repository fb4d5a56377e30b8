namespace KvStore.Tests;

public class StopTests
{
    [Fact]
    public async Task StopAsync_10000WritesInFlight_DecidesAll()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        var store = await Stores.StartAsync(log);
        var writes = Enumerable.Range(0, 10_000).Select(i => store.SubmitAsync(Some.Transaction(Some.Put($"k{i}")))).ToArray();
        await gate.Reached;

        var stop = store.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(StoreState.Stopping, store.State);
        Assert.False(stop.IsCompleted);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("late"))).Within(), NotAppliedReason.Stopping);
        gate.Open();
        await stop.Within();

        Assert.All(writes, write => Assert.True(write.IsCompletedSuccessfully));
        Assert.All(await Task.WhenAll(writes), outcome => Assert.IsType<Outcome.Committed>(outcome));
        Assert.Equal(10_000, store.Latest.Count);
        Assert.Equal(0, store.QueuedBytes);
        Assert.Equal(StoreState.Stopped, store.State);
        Assert.True(store.Completion.IsCompletedSuccessfully);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("late"))).Within(), NotAppliedReason.Stopping);
    }

    [Fact]
    public async Task StopAsync_RacesWithWriters_WriteIsVisibleOrRejected()
    {
        for (var round = 0; round < 200; round++)
        {
            var store = await Stores.StartAsync();
            var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
                Enumerable.Range(0, 50).Select(i => (Key: $"{writer}/{i}", Outcome: store.SubmitAsync(Some.Transaction(Some.Put($"{writer}/{i}"))))).ToArray())).ToArray();
            var stop = Task.Run(store.StopAsync, TestContext.Current.CancellationToken);

            var writes = (await Task.WhenAll(writers).Within()).SelectMany(all => all).ToArray();
            await stop.Within();
            await Task.WhenAll(writes.Select(write => write.Outcome)).Within();

            Assert.All(writes, write =>
            {
                var visible = store.Latest.Find(Some.Key(write.Key)) is not null;
                if (visible)
                    Assert.IsType<Outcome.Committed>(write.Outcome.Result);
                else
                    Stores.IsNotApplied(write.Outcome.Result, NotAppliedReason.Stopping);
            });
            Assert.Equal(0, store.QueuedBytes);
        }
    }

    [Fact]
    public async Task StopAsync_RightAfterStart_Completes()
    {
        for (var round = 0; round < 2_000; round++)
        {
            var store = new Store(new MemoryCommitLog(TimeProvider.System), new StoreOptions(), TimeProvider.System);
            store.Start();
            var write = store.SubmitAsync(Some.Transaction(Some.Put("k")));
            await store.StopAsync();

            Assert.Equal(StoreState.Stopped, store.State);
            Assert.Equal(await write.Within() is Outcome.Committed, store.Latest.Count == 1);
        }
    }

    [Fact]
    public async Task StopAsync_NotStarted_Stops()
    {
        var log = new FakeCommitLog();
        var store = new Store(log, new StoreOptions(), TimeProvider.System);
        await store.StopAsync();

        Assert.Equal(StoreState.Stopped, store.State);
        Assert.True(store.Completion.IsCompletedSuccessfully);
        Assert.True(store.Loaded.IsCompletedSuccessfully);
        store.Start();
        Assert.Equal(StoreState.Stopped, store.State);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within(), NotAppliedReason.Stopping);
    }

    [Fact]
    public async Task StopAsync_RepeatedAndConcurrent_Completes()
    {
        var store = await Stores.StartAsync();
        await store.CommitAsync(Some.Put("k"));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(store.StopAsync)));
        await store.StopAsync();

        Assert.Equal(StoreState.Stopped, store.State);
    }

    [Fact]
    public async Task DisposeAsync_Again_AndStopAfterwards_DoNotThrow()
    {
        var log = new FakeCommitLog();
        var store = await Stores.StartAsync(log);
        await store.DisposeAsync();
        Assert.Equal(1, log.Disposals);

        await store.DisposeAsync();
        await store.StopAsync();
        Assert.Equal(StoreState.Stopped, store.State);
    }

    [Fact]
    public async Task StopAsync_FollowHangs_IsCancelled()
    {
        var reached = new Gate();
        var log = new FakeCommitLog
        {
            Following = async token =>
            {
                _ = reached.PassAsync();
                await Task.Delay(Timeout.Infinite, token);
            },
        };
        var store = new Store(log, new StoreOptions(), TimeProvider.System);
        store.Start();
        await reached.Reached;
        await store.StopAsync();
        Assert.True(store.Loaded.IsCompletedSuccessfully);

        Assert.Equal(StoreState.Stopped, store.State);
        Assert.True(store.Completion.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task StopAsync_Cancelled_EndsOnlyTheWait()
    {
        var gate = new Gate();
        var store = await Stores.StartAsync(new FakeCommitLog { Committing = gate.PassAsync });
        var write = store.SubmitAsync(Some.Transaction(Some.Put("k")));
        await gate.Reached;

        await store.StopAsync(new CancellationToken(canceled: true)).Within();
        Assert.Equal(StoreState.Stopping, store.State);
        Assert.False(write.IsCompleted);

        gate.Open();
        Assert.IsType<Outcome.Committed>(await write.Within());
        await store.StopAsync();
    }

    [Fact]
    public async Task StopAsync_Idle_WakesLoop()
    {
        var store = await Stores.StartAsync();
        for (var i = 0; i < 1_000; i++)
            await Task.Yield();

        await store.StopAsync();
        Assert.Equal(StoreState.Stopped, store.State);
    }
}
