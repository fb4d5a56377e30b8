namespace KvStore.Tests;

public class FailureTests
{
    private sealed class LogException : Exception;

    [Fact]
    public async Task Follow_Throws_StoreFails()
    {
        await using var store = new Store(
            new FakeCommitLog { Following = _ => throw new LogException() }, new StoreOptions(), TimeProvider.System);
        store.Start();

        await store.Loaded.Within();
        await Assert.ThrowsAsync<LogException>(() => store.Completion.Within());
        Assert.Equal(StoreState.Failed, store.State);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within(), NotAppliedReason.Failed);
        await store.StopAsync();
        Assert.Equal(StoreState.Failed, store.State);
    }

    [Fact]
    public async Task Follow_CancelledWithoutStop_StoreFails()
    {
        await using var store = new Store(
            new FakeCommitLog { Following = _ => throw new OperationCanceledException() }, new StoreOptions(), TimeProvider.System);
        store.Start();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Completion.Within());
        Assert.Equal(StoreState.Failed, store.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_Throws_FailsEveryWaiterAndServesReads(bool afterApply)
    {
        var gate = new Gate();
        var log = new FakeCommitLog();
        await using var store = await Stores.StartAsync(log);
        var earlier = await store.CommitAsync(Some.Put("earlier"));
        if (afterApply)
            log.Committed = PassAndThrowAsync;
        else
            log.Committing = PassAndThrowAsync;

        var inBatch = store.SubmitAsync(Some.Transaction(Some.Put("in batch")));
        await gate.Reached;
        var queued = Enumerable.Range(0, 1_000).Select(i => store.SubmitAsync(Some.Transaction(Some.Put($"queued {i}")))).ToArray();
        gate.Open();

        Assert.IsType<Outcome.Unknown>(await inBatch.Within());
        Assert.All(await Task.WhenAll(queued).Within(), outcome => Stores.IsNotApplied(outcome, NotAppliedReason.Failed));
        await Assert.ThrowsAsync<LogException>(() => store.Completion.Within());
        Assert.Equal(StoreState.Failed, store.State);
        Assert.Equal(0, store.QueuedBytes);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("late"))).Within(), NotAppliedReason.Failed);

        Assert.Equal("value", store.Latest.Text("earlier"));
        Assert.Equal(afterApply ? 2 : 1, store.Latest.Count);
        Assert.True(store.TryGetSnapshot(earlier.Revision, out var old));
        Assert.Equal(1, old.Count);
        Assert.Equal(store.Latest, await store.ReadAsync(TestContext.Current.CancellationToken));

        async Task PassAndThrowAsync()
        {
            await gate.PassAsync();
            throw new LogException();
        }
    }

    [Fact]
    public async Task Commit_CancelledDuringStop_FailsEveryWaiter()
    {
        var gate = new Gate();
        var log = new FakeCommitLog();
        await using var store = await Stores.StartAsync(log);
        log.Committing = async () =>
        {
            await gate.PassAsync();
            throw new TaskCanceledException("A client's timeout, say.");
        };

        var inBatch = store.SubmitAsync(Some.Transaction(Some.Put("in batch")));
        await gate.Reached;
        var queued = store.SubmitAsync(Some.Transaction(Some.Put("queued")));
        var stop = store.StopAsync();
        gate.Open();

        Assert.IsType<Outcome.Unknown>(await inBatch.Within());
        Stores.IsNotApplied(await queued.Within(), NotAppliedReason.Failed);
        await stop;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Completion.Within());
        Assert.Equal(StoreState.Failed, store.State);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Commit_WrongNumberOfOutcomes_FailsEveryWaiter(int count)
    {
        await using var store = await Stores.StartAsync(new FakeCommitLog { Answering = outcomes => [.. Enumerable.Repeat(outcomes[0], count)] });

        Assert.IsType<Outcome.Unknown>(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within());
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Completion.Within());
    }

    [Fact]
    public async Task Commit_ThrowsDuringWrites_AllWaitersComplete()
    {
        for (var round = 0; round < 200; round++)
        {
            var log = new FakeCommitLog();
            await using var store = await Stores.StartAsync(log);
            log.Committing = () => throw new LogException();

            var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
                Enumerable.Range(0, 50).Select(i => store.SubmitAsync(Some.Transaction(Some.Put($"k{i}")))).ToArray())).ToArray();
            var writes = (await Task.WhenAll(writers).Within()).SelectMany(all => all);
            var outcomes = await Task.WhenAll(writes).Within();

            Assert.DoesNotContain(outcomes, outcome => outcome is Outcome.Committed);
            await Soon.UntilAsync(() => store.QueuedBytes == 0);
        }
    }

    [Fact]
    public async Task Commit_BatchNotApplied_StoreContinues()
    {
        var log = new FakeCommitLog();
        await using var store = await Stores.StartAsync(log);
        log.Answering = outcomes => [.. outcomes.Select(_ => Outcome.Unknown.Instance)];
        Assert.IsType<Outcome.Unknown>(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within());
        log.Answering = outcomes => outcomes;

        await store.CommitAsync(Some.Put("k"));
        Assert.Equal(StoreState.Running, store.State);
    }
}
