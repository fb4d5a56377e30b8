namespace KvStore.Tests;

public class AdmissionTests
{
    [Fact]
    public async Task SubmitAsync_QueueFullByCount_RejectsAndDecidesAdmitted()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        await using var store = await Stores.StartAsync(log, new StoreOptions { QueueOperationsMax = 4 });

        var admitted = new List<Task<Outcome>> { store.SubmitAsync(Some.Transaction(Some.Put("first"))) };
        await gate.Reached;
        for (var i = 0; i < 4; i++)
            admitted.Add(store.SubmitAsync(Some.Transaction(Some.Put($"k{i}"))));
        var refused = store.SubmitAsync(Some.Transaction(Some.Put("refused")));

        Assert.True(refused.IsCompleted);
        Stores.IsNotApplied(await refused, NotAppliedReason.QueueFull);
        Assert.Equal(4, store.QueuedOperations);
        Assert.DoesNotContain(admitted, task => task.IsCompleted);

        gate.Open();
        Assert.All(await Task.WhenAll(admitted).Within(), outcome => Assert.IsType<Outcome.Committed>(outcome));
        Assert.Equal(5, store.Latest.Count);
        Assert.Equal(0, store.QueuedBytes);
        Assert.Equal(0, store.QueuedOperations);
        await store.CommitAsync(Some.Put("there is room again"));
    }

    [Fact]
    public async Task SubmitAsync_QueueFullByBytes_RejectsUntilDrained()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        const int QueueBytes = 10_000;
        await using var store = await Stores.StartAsync(log, new StoreOptions { QueueBytesMax = QueueBytes });
        var half = Some.Transaction(Some.Put("k", new string('v', 2000)));
        var room = QueueBytes - half.CostIn(Snapshot.Empty).MemoryBytes;

        var first = store.SubmitAsync(half);
        await gate.Reached;
        var second = store.SubmitAsync(Some.Transaction(Some.Put("k", new string('v', (int)(2000 + room - half.CostIn(Snapshot.Empty).MemoryBytes)))));
        Assert.Equal(QueueBytes, store.QueuedBytes);
        var refused = store.SubmitAsync(Some.Transaction(Some.Delete("k")));

        Assert.True(refused.IsCompleted);
        Stores.IsNotApplied(await refused, NotAppliedReason.QueueFull);
        Assert.Equal(QueueBytes, store.QueuedBytes);

        gate.Open();
        Assert.IsType<Outcome.Committed>(await first.Within());
        Assert.IsType<Outcome.Committed>(await second.Within());
        Assert.Equal(0, store.QueuedBytes);
    }

    [Fact]
    public void TransactionBytes_EveryPart_IsCounted()
    {
        var key = new string('k', 1000);
        var bare = Some.Transaction(Some.Put("k")).Bytes;

        Assert.True(Some.Transaction(Some.Put(key)).Bytes >= bare + 999);
        Assert.True(Some.Transaction(Some.Put("k", new string('v', 1000))).Bytes >= bare + 995);
        Assert.True(Some.Transaction(Some.Put("k"), Some.Delete(key)).Bytes >= bare + 1000);
        Assert.True(Some.Transaction(Guard.Absent(Some.Key(key)), Some.Put("k")).Bytes >= bare + 1000);
        Assert.True(Some.Transaction(Guard.RevisionIn(Some.Key("k"), [.. new long[100]]), Some.Put("k")).Bytes >= bare + 800);
    }

    [Fact]
    public async Task SubmitAsync_LargerThanQueue_IsRejected()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { QueueBytesMax = 10_000 });

        var outcome = await store.SubmitAsync(Some.Transaction(Some.Put("k", new string('v', 10_001)))).Within();

        Assert.Equal(RejectionReason.TransactionTooLarge, Assert.IsType<Outcome.Rejected>(outcome).Reason);
        Assert.Equal(0, store.QueuedBytes);
        Assert.Equal(0, store.Latest.Count);
    }

    [Fact]
    public async Task SubmitAsync_NotStartedOrLoading_IsRejected()
    {
        var gate = new Gate();
        await using var store = new Store(new FakeCommitLog { Following = _ => gate.PassAsync() }, new StoreOptions(), TimeProvider.System);
        Assert.Equal(StoreState.Created, store.State);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within(), NotAppliedReason.Loading);

        store.Start();
        await gate.Reached;
        Assert.Equal(StoreState.Loading, store.State);
        Assert.False(store.Loaded.IsCompleted);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within(), NotAppliedReason.Loading);

        gate.Open();
        await store.Loaded.Within();
        await store.CommitAsync(Some.Put("k"));
    }

    [Fact]
    public async Task SubmitAsync_ConcurrentRejections_CountsExactly()
    {
        var gate = new Gate();
        var log = new FakeCommitLog { Committing = gate.PassAsync };
        await using var store = await Stores.StartAsync(log, new StoreOptions { QueueOperationsMax = 100, QueueBytesMax = 1 << 20 });
        var first = store.SubmitAsync(Some.Transaction(Some.Put("first")));
        await gate.Reached;

        var outcomes = new Task<Outcome>[5_000];
        Parallel.For(0, outcomes.Length, i => outcomes[i] = store.SubmitAsync(Some.Transaction(Some.Put($"k{i}"))));
        Assert.Equal(100, outcomes.Count(task => !task.IsCompleted));

        gate.Open();
        var decided = await Task.WhenAll(outcomes).Within();
        Assert.Equal(100, decided.OfType<Outcome.Committed>().Count());
        Assert.IsType<Outcome.Committed>(await first.Within());
        Assert.Equal(101, store.Latest.Count);
        Assert.Equal(0, store.QueuedBytes);
    }
}
