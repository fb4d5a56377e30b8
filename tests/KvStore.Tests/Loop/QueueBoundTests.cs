namespace KvStore.Tests;

public sealed class QueueBoundTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryAccount _memory = new("queue", 1 << 30);
    private readonly List<PendingTransaction> _batch = [];
    private readonly List<PendingTransaction> _late = [];

    [Fact]
    public void TryTake_BatchBytes_EndBatch()
    {
        var queue = New(new StoreOptions { BatchBytesMax = 1000 });
        var all = Enumerable.Range(0, 20).Select(_ => Admit(queue, work: 240)).ToList();

        List<PendingTransaction> taken = [];
        while (queue.TryTake(_batch, _late))
        {
            Assert.Equal(4, _batch.Count);
            taken.AddRange(_batch);
            queue.Complete(_batch);
        }

        Assert.Equal(all, taken);
        Assert.Equal((0, 0), (queue.Count, _memory.Bytes));
    }

    [Fact]
    public void TryTake_Large_IsAloneAndAlternates()
    {
        var queue = New(new StoreOptions { BatchBytesMax = 1000, BatchOperationsMax = 2 });
        for (var i = 0; i < 3; i++)
            Admit(queue, work: 5000 + i);
        for (var i = 0; i < 5; i++)
            Admit(queue, work: i);

        List<string> batches = [];
        while (queue.TryTake(_batch, _late))
        {
            batches.Add(string.Join(',', _batch.Select(pending => pending.Work)));
            queue.Complete(_batch);
        }

        Assert.Equal(["0,1", "5000", "2,3", "5001", "4", "5002"], batches);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void TryTake_OrderedLarge_KeepsItsPlace()
    {
        var queue = New(new StoreOptions { BatchBytesMax = 1000 });
        var first = Admit(queue, work: 5000, isOrdered: true);
        var second = Admit(queue, work: 1, isOrdered: true);

        Assert.True(queue.TryTake(_batch, _late));
        Assert.Equal([first], _batch);
        queue.Complete(_batch);
        Assert.True(queue.TryTake(_batch, _late));
        Assert.Equal([second], _batch);
    }

    [Fact]
    public void TryTake_WaitedTooLong_IsLateUnlessOrdered()
    {
        var queue = New(new StoreOptions { QueueWaitMax = TimeSpan.FromSeconds(1), BatchBytesMax = 1000 });
        PendingTransaction[] early = [Admit(queue, 1), Admit(queue, 5000)];
        var ordered = Admit(queue, 1, isOrdered: true);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var inTime = Admit(queue, 1);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(queue.TryTake(_batch, _late));
        Assert.Equal([ordered, inTime], _batch);
        Assert.Equal(early, _late);
        queue.Release(_late);
        queue.Complete(_batch);
        Assert.Equal((0, 0), (_memory.Bytes, queue.Count));
    }

    [Fact]
    public void TryTake_SetAsideForTooLong_IsLate()
    {
        var queue = New(new StoreOptions { QueueWaitMax = TimeSpan.FromSeconds(1), BatchBytesMax = 1000 });
        Admit(queue, 1);
        var large = Admit(queue, 5000);
        Assert.True(queue.TryTake(_batch, _late));
        Assert.Equal((1, 1), (_batch.Count, queue.Count));
        queue.Complete(_batch);
        _time.Advance(TimeSpan.FromSeconds(1.001));

        Assert.True(queue.TryTake(_batch, _late));
        Assert.Empty(_batch);
        Assert.Equal([large], _late);
        queue.Release(_late);
        Assert.Equal((0, 0), (_memory.Bytes, queue.Count));
    }

    [Fact]
    public void TryAdmit_QueueLongerThanWait_RejectsWithTime()
    {
        var queue = New(new StoreOptions { QueueWaitMax = TimeSpan.FromSeconds(1), BatchBytesMax = 1000, BatchOperationsMax = 10 });
        for (var i = 0; i < 20; i++)
            Admit(queue, work: 100);
        Assert.Equal(TimeSpan.Zero, queue.EstimatedWait);

        // Two batches of 1000 in 100 ms each are 10,000 a second.
        for (var i = 0; i < 2; i++)
        {
            Assert.True(queue.TryTake(_batch, _late));
            _time.Advance(TimeSpan.FromMilliseconds(100));
            queue.Complete(_batch);
        }

        var admitted = 0;
        while (queue.TryAdmit(Make(100)))
            admitted++;
        Assert.InRange(admitted, 99, 102);
        Assert.InRange(queue.EstimatedWait.TotalSeconds, 0.99, 1.02);
        Assert.False(queue.TryAdmit(Make(0, isOrdered: true)));

        // A large one waits for as much of the others as there is of its own kind: nothing so far.
        Assert.True(queue.TryAdmit(Make(5000)));
        Assert.True(queue.TryAdmit(Make(5000)));
        Assert.False(queue.TryAdmit(Make(5000)));
    }

    [Fact]
    public void Record_BatchThatLeavesNothing_OnlyRaisesRate()
    {
        var rate = new DrainRate(TimeSpan.FromSeconds(2));
        rate.Record(1, TimeSpan.FromSeconds(1), isFull: true);
        Assert.Equal(2, rate.WorkMax);
        rate.Record(1, TimeSpan.FromSeconds(100), isFull: false);
        Assert.Equal(2, rate.WorkMax);
        rate.Record(1_000_000, TimeSpan.FromSeconds(1), isFull: false);
        Assert.InRange(rate.WorkMax, 900_000, 1_100_000);
        Assert.InRange(rate.TimeOf(500_000).TotalSeconds, 0.9, 1.1);
        rate.Record(5, TimeSpan.Zero, isFull: true);
        Assert.InRange(rate.WorkMax, 900_000, 1_100_000);
    }

    [Fact]
    public void HasRoomFor_MoreThanMayBeMoved_OnlyAlone()
    {
        var queue = New(new StoreOptions { MovedBytesMax = 1000 });
        var (one, two) = (Some.Transaction(Some.Delete("a")), Some.Transaction(Some.Delete("a"), Some.Delete("b")));
        Assert.True(queue.HasRoomFor(two, new TransactionCost(0, 0, 1000)));
        Assert.False(queue.HasRoomFor(two, new TransactionCost(0, 0, 1001)));
        Assert.True(queue.HasRoomFor(one, new TransactionCost(0, 0, 1001)));
        Assert.True(queue.HasRoomFor(two, new TransactionCost(1 << 30, 0)));
        Assert.False(queue.HasRoomFor(two, new TransactionCost((1 << 30) + 1, 0)));
    }

    // Whatever happens to transactions, all of their charges are released when the last has left.
    [Fact]
    public Task RandomSequences_Charges_AreReleased() => Seed.ForEachAsync(2_000, seed =>
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        var memory = new MemoryAccount("queue", random.Next(1, 20_000));
        var queue = new TransactionQueue(
            new StoreOptions { QueueOperationsMax = random.Next(1, 20), BatchOperationsMax = random.Next(1, 10), BatchBytesMax = random.Next(1, 2000), QueueWaitMax = TimeSpan.FromMilliseconds(random.Next(1, 200)) },
            memory,
            new StoreMetrics(null),
            time);
        HashSet<PendingTransaction> queued = [];
        for (var step = random.Next(200); step > 0; step--)
        {
            var pending = new PendingTransaction(new Transaction([], []) { IsOrdered = random.Next(4) == 0 }, new TransactionCost(random.Next(1000), random.Next(1000)), new OutcomeTask(continuesInline: true));
            switch (random.Next(10))
            {
                case < 5:
                    if (queue.TryAdmit(pending))
                        queued.Add(pending);
                    break;
                case 5:
                    if (queue.TryAdmitInternal(pending))
                        queued.Add(pending);
                    break;
                case 6:
                    time.Advance(TimeSpan.FromMilliseconds(random.Next(100)));
                    break;
                case 7 when random.Next(20) == 0:
                    queue.Close();
                    break;
                default:
                    Take();
                    break;
            }

            Assert.Equal(queued.Sum(one => one.MemoryBytes), memory.Bytes);
        }

        queue.Close();
        while (Take())
        {
        }

        Assert.Empty(queued);
        Assert.Equal((0, 0, TimeSpan.Zero), (memory.Bytes, queue.Count, queue.EstimatedWait));
        return Task.CompletedTask;

        bool Take()
        {
            List<PendingTransaction> batch = [], late = [];
            if (!queue.TryTake(batch, late))
                return false;
            Assert.All(batch, one => Assert.True(queued.Remove(one)));
            Assert.All(late, one => Assert.True(queued.Remove(one)));
            queue.Release(late);
            time.Advance(TimeSpan.FromMilliseconds(random.Next(20)));
            queue.Complete(batch);
            return true;
        }
    });

    private TransactionQueue New(StoreOptions options) => new(options, _memory, new StoreMetrics(null), _time);

    private static PendingTransaction Make(long work, bool isOrdered = false) =>
        new(new Transaction([], []) { IsOrdered = isOrdered }, new TransactionCost(7, work), new OutcomeTask(continuesInline: true));

    private static PendingTransaction Admit(TransactionQueue queue, long work, bool isOrdered = false)
    {
        var pending = Make(work, isOrdered);
        Assert.True(queue.TryAdmit(pending));
        return pending;
    }
}
