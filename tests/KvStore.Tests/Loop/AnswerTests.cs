namespace KvStore.Tests;

/// <summary>On which threads callers continue, and what they hold up there.</summary>
public class AnswerTests
{
    [Fact]
    public async Task SubmitAsync_ContinuesInline_RunsWhereItWasCommitted()
    {
        var gate = new Gate();
        var committedOn = 0;
        var log = new FakeCommitLog
        {
            Committing = async () =>
            {
                await gate.PassAsync();
                committedOn = Environment.CurrentManagedThreadId;
            },
        };
        await using var store = await Stores.StartAsync(log);
        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;
        var others = Enumerable.Range(0, 10).Select(i => store.SubmitAsync(Inline($"k{i}")).ContinueWith(
            _ => (Environment.CurrentManagedThreadId, committedOn), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)).ToArray();
        gate.Open();
        await first.Within();

        Assert.All(await Task.WhenAll(others).Within(), threads => Assert.Equal(threads.committedOn, threads.CurrentManagedThreadId));
    }

    [Fact]
    public async Task SubmitAsync_InlineCallerBlocks_HoldsUpFewOthers()
    {
        var gate = new Gate();
        await using var store = await Stores.StartAsync(new FakeCommitLog { Committing = gate.PassAsync });
        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;
        using var release = new ManualResetEventSlim();
        var blocker = store.SubmitAsync(Inline("blocker")).ContinueWith(
            _ => release.Wait(Soon.Patience), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var others = Enumerable.Range(0, 100).Select(i => store.SubmitAsync(Inline($"k{i}"))).ToArray();
        gate.Open();
        try
        {
            await Task.WhenAll(others[15..]).Within();
            await store.CommitAsync(Some.Put("later"));
            Assert.False(blocker.IsCompleted);
        }
        finally
        {
            release.Set();
        }

        Assert.True(await blocker.Within());
        await Task.WhenAll(others).Within();
        await first.Within();
    }

    [Fact]
    public async Task SubmitAsync_FromAnInlineContinuation_IsNotCommittedInIt()
    {
        var gate = new Gate();
        var nested = 0;
        var log = new FakeCommitLog
        {
            Committing = () =>
            {
                nested += CallerAnswers.AreRunning ? 1 : 0;
                return gate.PassAsync();
            },
        };
        var store = await Stores.StartAsync(log);
        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;
        var chains = Enumerable.Range(0, 8).Select(WriteAsync).ToArray();
        gate.Open();
        await Task.WhenAll([first, .. chains]).Within();
        await store.StopAsync();

        Assert.Equal(0, nested);

        async Task WriteAsync(int writer)
        {
            for (var i = 0; i < 1_000; i++)
                Assert.IsType<Outcome.Committed>(await store.SubmitAsync(Inline($"{writer}/{i}")));
        }
    }

    [Fact]
    public async Task SubmitAsync_InlineCallers_KeepTheirAsyncLocals()
    {
        var gate = new Gate();
        await using var store = await Stores.StartAsync(new FakeCommitLog { Committing = gate.PassAsync });
        var local = new AsyncLocal<int>();
        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;
        var callers = Enumerable.Range(1, 10).Select(SeeAsync).ToArray();
        gate.Open();
        await first.Within();

        Assert.Equal(Enumerable.Range(1, 10), await Task.WhenAll(callers).Within());

        async Task<int> SeeAsync(int value)
        {
            local.Value = value;
            await store.SubmitAsync(Inline($"k{value}"));
            return local.Value;
        }
    }

    [Fact]
    public async Task SubmitAsync_LargeTransaction_IsNotCommittedOnCallersThread()
    {
        var (callersThread, committedOn) = (0, 0);
        var log = new FakeCommitLog
        {
            Committing = () =>
            {
                committedOn = Environment.CurrentManagedThreadId;
                return Task.CompletedTask;
            },
        };
        await using var store = await Stores.StartAsync(log);
        var submitted = new TaskCompletionSource<Task<Outcome>>();
        new Thread(() =>
        {
            callersThread = Environment.CurrentManagedThreadId;
            submitted.SetResult(store.SubmitAsync(Some.Transaction(Some.Put("k", new string('v', 100_000)))));
        }).Start();

        Assert.IsType<Outcome.Committed>(await (await submitted.Task.Within()).Within());
        Assert.NotEqual(callersThread, committedOn);
    }

    [Fact]
    public async Task StopAsync_InlineCallers_HaveTheirOutcomes()
    {
        for (var round = 0; round < 50; round++)
        {
            var gate = new Gate();
            var store = await Stores.StartAsync(new FakeCommitLog { Committing = gate.PassAsync });
            var writes = Enumerable.Range(0, 200).Select(i => store.SubmitAsync(Inline($"k{i}"))).ToArray();
            await gate.Reached;
            var stop = store.StopAsync(TestContext.Current.CancellationToken);
            gate.Open();
            await stop.Within();

            Assert.All(writes, write => Assert.True(write.IsCompletedSuccessfully));
        }
    }

    // The callers behind one that takes long have no outcomes yet. How long it takes is no matter: a store that stops without them has stopped long before.
    [Fact]
    public async Task StopAsync_InlineCallerBlocks_WaitsForTheOthers()
    {
        var gate = new Gate();
        var store = await Stores.StartAsync(new FakeCommitLog { Committing = gate.PassAsync });
        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;
        using var stopped = new ManualResetEventSlim();
        var blocker = store.SubmitAsync(Inline("blocker")).ContinueWith(
            _ => stopped.Wait(TimeSpan.FromMilliseconds(200)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var others = Enumerable.Range(0, 10).Select(i => store.SubmitAsync(Inline($"k{i}"))).ToArray();
        var stop = store.StopAsync(TestContext.Current.CancellationToken).ContinueWith(_ => stopped.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        gate.Open();
        await stop.Within();

        Assert.False(await blocker.Within());
        Assert.All(others, write => Assert.True(write.IsCompletedSuccessfully));
        await first.Within();
    }

    [Fact]
    public async Task SubmitAsync_InlineCallersWhenTheLogThrows_GetOutcomes()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync, Answering = _ => throw new InvalidOperationException("planned by the test") };
        await using var store = await Stores.StartAsync(log);
        var first = store.SubmitAsync(Inline("first"));
        await gate.Reached;
        var others = Enumerable.Range(0, 20).Select(i => store.SubmitAsync(Inline($"k{i}"))).ToArray();
        gate.Open();

        Assert.IsType<Outcome.Unknown>(await first.Within());
        Assert.All(await Task.WhenAll(others).Within(), outcome => Stores.IsNotApplied(outcome, NotAppliedReason.Failed));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Completion.Within());
    }

    [Fact]
    public async Task Submit_WithAReceiver_GivesItTheOutcomeOnce()
    {
        var store = await Stores.StartAsync(new FakeCommitLog());
        var receiver = new Receiver();
        store.Submit(Inline("k"), receiver);
        Assert.IsType<Outcome.Committed>(await receiver.First.Within());
        Assert.Throws<ArgumentException>(() => store.Submit(Some.Transaction(Some.Put("k")), receiver));
        Assert.Equal(1, receiver.Outcomes);
        await store.StopAsync();

        var late = new Receiver();
        store.Submit(Inline("late"), late);
        Assert.Equal(NotAppliedReason.Stopping, Assert.IsType<Outcome.NotApplied>(await late.First.Within()).Reason);
        Assert.Equal(1, late.Outcomes);
        await store.DisposeAsync();
    }

    private sealed class Receiver : IOutcomeReceiver
    {
        private readonly TaskCompletionSource<Outcome> _first = new();
        private int _outcomes;

        public Task<Outcome> First => _first.Task;

        public int Outcomes => Volatile.Read(ref _outcomes);

        public void Receive(Outcome outcome)
        {
            Interlocked.Increment(ref _outcomes);
            _first.TrySetResult(outcome);
        }
    }

    private static Transaction Inline(string key) => new([], [Some.Put(key)]) { ContinuesInline = true };
}
