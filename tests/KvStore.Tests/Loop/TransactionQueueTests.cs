using System.Diagnostics;

namespace KvStore.Tests;

public class TransactionQueueTests
{
    private static bool IsLong => Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1";

    // Every place between two reads of the owner, alone and with a queue that is closed there or later, for every state that a small queue can be in.
    [Fact]
    public async Task TryAdmitInternal_BetweenAnySteps_IsTakenOrRejected()
    {
        var (taken, rejected) = (0, 0);
        for (var capacity = 1; capacity <= 3; capacity++)
        {
            for (var batchMax = 1; batchMax <= 3; batchMax++)
            {
                for (var callers = 0; callers <= capacity; callers++)
                {
                    for (var earlier = 0; earlier <= 2; earlier++)
                    {
                        for (var admitAt = 0; admitAt < 14; admitAt++)
                        {
                            for (var closeAt = 0; closeAt <= 15; closeAt++)
                            {
                                if (await RunAsync(capacity, batchMax, callers, earlier, admitAt, closeAt))
                                    taken++;
                                else
                                    rejected++;
                            }
                        }
                    }
                }
            }
        }

        Assert.True(taken > 1_000 && rejected > 1_000, $"{taken} were taken, {rejected} rejected.");
    }

    // T1 (owner): takes the last transaction of a caller and looks for more. T2 (sweeper): admits one at the same time. Without
    // a wake-up, it stays in the queue until the next caller comes. KVSTORE_TEST_LONG=1 runs ten million rounds.
    [Fact]
    public async Task TryAdmitInternal_OwnerIsAboutToWait_IsTaken()
    {
        var rounds = IsLong ? 10_000_000 : 60_000;
        var random = Seed.NewRandom();
        var queue = Make(new StoreOptions());
        var owner = Task.Run(() => OwnAsync(queue), TestContext.Current.CancellationToken);
        var (started, admitted) = (-1, -1);
        var caller = Task.Run(
            () =>
            {
                for (var round = 0; round < rounds; round++)
                {
                    SpinUntil(() => Volatile.Read(ref started) == round, round);
                    Assert.True(queue.TryAdmit(New()));
                    Volatile.Write(ref admitted, round);
                }
            },
            TestContext.Current.CancellationToken);

        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds; round++)
        {
            var pending = New();
            Volatile.Write(ref started, round);
            Thread.SpinWait(random.Next(100));
            Assert.True(queue.TryAdmitInternal(pending));
            SpinUntil(() => pending.HasOutcome && Volatile.Read(ref admitted) == round, round);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} rounds without a lost wake-up in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s.");
        await caller.Within();
        queue.Close();
        await owner.Within();
    }

    // T1: admits its transaction while T2 closes the queue and T3 (owner) takes the rest and ends.
    [Fact]
    public async Task TryAdmitInternal_QueueCloses_IsTakenOrRejected()
    {
        var rounds = IsLong ? 1_000_000 : 10_000;
        var random = Seed.NewRandom();
        var (taken, rejected) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var queue = Make(new StoreOptions());
            var pending = New();
            var owner = OwnAsync(queue);
            var spins = random.Next(200);
            var closing = Task.Run(
                () =>
                {
                    Thread.SpinWait(spins);
                    queue.Close();
                },
                TestContext.Current.CancellationToken);
            Thread.SpinWait(random.Next(200));
            var isAdmitted = queue.TryAdmitInternal(pending);
            await closing;
            await owner.Within();
            Assert.True(isAdmitted == pending.HasOutcome, $"Round {round}: admitted {isAdmitted}, completed {pending.HasOutcome}.");
            Assert.Equal(0, queue.Memory.Bytes);
            (taken, rejected) = isAdmitted ? (taken + 1, rejected) : (taken, rejected + 1);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{taken} were taken, {rejected} rejected.");
    }

    // True when the transaction was taken; false when it was rejected.
    private static async Task<bool> RunAsync(int capacity, int batchMax, int callers, int earlier, int admitAt, int closeAt)
    {
        var channel = new SteppedChannel<PendingTransaction>(capacity);
        var queue = new TransactionQueue(new StoreOptions { BatchOperationsMax = batchMax, QueueOperationsMax = capacity }, new MemoryAccount("queue", 0), new StoreMetrics(null), TimeProvider.System, channel);
        var pending = New();
        var (isAdmitted, isClosed) = (default(bool?), false);
        channel.Step = step =>
        {
            if (step == closeAt)
                Close();
            if (step == admitAt)
                isAdmitted ??= queue.TryAdmitInternal(pending);
        };

        // Leaves wakes of earlier ones in the channel.
        for (var i = 0; i < earlier; i++)
            queue.TryAdmitInternal(New());
        for (var i = 0; i < callers; i++)
            queue.TryAdmit(New());

        // What the owner loop does. The steps that no read has come to happen while it waits.
        var (batch, late) = (new List<PendingTransaction>(), new List<PendingTransaction>());
        while (true)
        {
            var waiting = queue.WaitAsync();
            if (!waiting.IsCompleted)
            {
                isAdmitted ??= queue.TryAdmitInternal(pending);
                if (!waiting.IsCompleted && !isClosed)
                {
                    Assert.True(pending.HasOutcome || isAdmitted == false, Describe());
                    Close();
                }
            }

            Assert.True(waiting.IsCompleted, Describe());
            if (!await waiting)
                break;
            while (queue.TryTake(batch, late))
            {
                Assert.InRange(batch.Count, 1, batchMax + 1);
                Assert.Empty(late);
                foreach (var one in batch)
                    Give(one);
                queue.Complete(batch);
            }
        }

        isAdmitted ??= queue.TryAdmitInternal(pending);
        Assert.True(isAdmitted == pending.HasOutcome, Describe());
        Assert.Equal(0, queue.Memory.Bytes);
        return isAdmitted.Value;

        void Close()
        {
            isClosed = true;
            queue.Close();
        }

        string Describe() => $"Capacity {capacity}, batches of {batchMax}, {callers} callers, {earlier} before, admitted at step {admitAt}, closed at {closeAt}: it is still in the queue.";
    }

    private static async Task OwnAsync(TransactionQueue queue)
    {
        var (batch, late) = (new List<PendingTransaction>(), new List<PendingTransaction>());
        while (await queue.WaitAsync())
        {
            while (queue.TryTake(batch, late))
            {
                foreach (var pending in batch)
                    Give(pending);
                queue.Complete(batch);
            }
        }
    }

    // Once.
    private static void Give(PendingTransaction pending)
    {
        Assert.False(pending.HasOutcome);
        pending.Give(Outcome.Unknown.Instance);
    }

    private static PendingTransaction New() => new(new Transaction([], []), default, new OutcomeTask(continuesInline: true));

    private static TransactionQueue Make(StoreOptions options) => new(options, new MemoryAccount("queue", options.QueueBytesMax), new StoreMetrics(null), TimeProvider.System);

    private static void SpinUntil(Func<bool> condition, int round) =>
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(20)), $"Round {round}: it is still in the queue.");
}
