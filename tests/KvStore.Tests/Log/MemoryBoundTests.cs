namespace KvStore.Tests;

/// <summary>Entries at their bound of memory: growth is refused, alone; everything else goes on.</summary>
public sealed class MemoryBoundTests
{
    private static readonly string Large = new('v', 1000);
    private static readonly long LargeBytes = Entry.Create("k1"u8, new byte[Large.Length], "text/plain", 1, 1, 1, 0, Entry.Never).MemoryBytes;

    [Fact]
    public async Task Submit_GrowsBeyondBound_IsRefusedAlone()
    {
        await using var store = await StartAsync(LargeBytes * 2);
        await store.CommitAsync(Some.Put("k1", Large), Some.Put("k2", Large));
        Assert.Equal((LargeBytes * 2, LargeBytes * 2), (store.Memory.Entries.Bytes, store.Latest.MemoryBytes));

        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k3"))).Within(), NotAppliedReason.MemoryFull);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k1", Large + "12345678"))).Within(), NotAppliedReason.MemoryFull);
        Assert.Equal((LargeBytes * 2, 2), (store.Memory.Entries.Bytes, store.Memory.Entries.Refusals));
        Assert.Equal(1, store.Latest.Revision);
    }

    [Fact]
    public async Task Submit_DoesNotGrow_Passes()
    {
        await using var store = await StartAsync(LargeBytes * 2);
        await store.CommitAsync(Some.Put("k1", Large), Some.Put("k2", Large));

        await store.CommitAsync(Some.Put("k1", Large));
        await store.CommitAsync(Some.Put("k1", Large[1..]));
        await store.CommitAsync(Some.Delete("k2"), Some.Put("k3", Large));
        await store.CommitAsync(Some.Delete("k3"));
        await store.CommitAsync(new DeletePrefix("k"u8, 10));
        Assert.Equal(0, store.Memory.Entries.Bytes);
        await store.CommitAsync(Some.Put("k1", Large), Some.Put("k2", Large));
    }

    // The reserve has room for one: an expiry takes 56 bytes.
    [Fact]
    public async Task SetExpiry_AtBound_PassesWithinReserve()
    {
        await using var store = await StartAsync(LargeBytes * 2);
        await store.CommitAsync(Some.Put("k1", Large), Some.Put("k2", Large));
        Assert.InRange(LargeBytes * 2 / 32, 56, 2 * 56 - 1);

        await store.CommitAsync(new SetExpiry(Some.Key("k1"), ExpiryUpdate.At(DateTimeOffset.MaxValue)));
        Assert.Equal((LargeBytes * 2) + 56, store.Memory.Entries.Bytes);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(new SetExpiry(Some.Key("k2"), ExpiryUpdate.At(DateTimeOffset.MaxValue)))).Within(), NotAppliedReason.MemoryFull);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k3", ""))).Within(), NotAppliedReason.MemoryFull);
        await store.CommitAsync(new SetExpiry(Some.Key("k1"), ExpiryUpdate.At(DateTimeOffset.MaxValue.AddDays(-1))));
    }

    // An invalidation has no guards: it lets entries go, so it must be possible. What was loaded has, and need not be stored.
    [Fact]
    public async Task Records_AtBound_PassWithinReserveUnlessGuarded()
    {
        await using var store = await StartAsync(LargeBytes * 8);
        await store.CommitAsync([.. Enumerable.Range(0, 8).Select(number => Some.Put($"k{number}", Large))]);
        Operation record = new Put(ReservedKeys.Of(ReservedKind.Epoch, "a"u8), default, "");

        Stores.IsNotApplied(await store.SubmitAsync(new Transaction([Guard.Absent(record.Key)], [], [record])).Within(), NotAppliedReason.MemoryFull);
        Assert.IsType<Outcome.Committed>(await store.SubmitAsync(new Transaction([], [], [record])).Within());
    }

    [Fact]
    public async Task Submit_WithIdempotencyKeyAtBound_Passes()
    {
        await using var store = await StartAsync(LargeBytes);
        await store.CommitAsync(Some.Put("k1", Large));
        var delete = new Transaction([], [Some.Delete("k1")]) { Idempotency = new Idempotency("key"u8, default, TimeSpan.FromHours(1), 1000) };

        Assert.IsType<Outcome.Committed>(await store.SubmitAsync(delete).Within());
        Assert.Equal(0, store.Memory.Entries.Bytes);
        Assert.InRange(store.Memory.Idempotency.Bytes, 1, 400);
    }

    [Fact]
    public async Task Expiry_AtBound_MakesRoom()
    {
        var time = new FakeTimeProvider();
        var expiring = Some.Put("k1", Large, time.GetUtcNow().AddSeconds(1));
        await using var store = await StartAsync(LargeBytes + 56, time);
        await store.CommitAsync(expiring);
        Assert.Equal(LargeBytes + 56, store.Memory.Entries.Bytes);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k2"))).Within(), NotAppliedReason.MemoryFull);

        time.Advance(TimeSpan.FromSeconds(2));
        await Soon.UntilAsync(() => store.Memory.Entries.Bytes == 0);
        await store.CommitAsync(Some.Put("k2", Large));
    }

    // One batch: what comes after a refused transaction is decided as if that had not been there.
    [Fact]
    public void Decide_RefusedInTheMiddle_OthersContinue()
    {
        var publisher = new SnapshotPublisher(Options(LargeBytes * 2), TimeProvider.System);
        var decision = new BatchDecider(TimeProvider.System).Decide(publisher,
        [
            Some.Transaction(Some.Put("k1", Large)),
            Some.Transaction(Some.Put("k2", Large), Some.Put("k3", Large)),
            Some.Transaction(Guard.Absent(Some.Key("k3")), Some.Put("k2", Large)),
            Some.Transaction(Some.Put("k3", Large)),
            Some.Transaction(Some.Delete("k1")),
            Some.Transaction(Some.Put("k3", Large)),
        ]);

        Assert.Equal([1, 0, 2, 0, 3, 4], decision.Outcomes.Select(outcome => outcome is Outcome.Committed committed ? committed.Revision : 0));
        Assert.Equal(LargeBytes * 2, decision.After.MemoryBytes);
        Assert.Equal(0, publisher.Memory.Entries.Bytes);
    }

    [Fact]
    public void Load_BeyondBound_StartsAndRefusesGrowth()
    {
        var publisher = new SnapshotPublisher(Options(100), TimeProvider.System);
        publisher.Load(1, [Entry.Create("k1"u8, new byte[1000], "text/plain", 1, 1, 1, 0, Entry.Never)]);
        Assert.Equal(LargeBytes, publisher.Memory.Entries.Bytes);

        var decision = new BatchDecider(TimeProvider.System).Decide(publisher, [Some.Transaction(Some.Put("k2")), Some.Transaction(Some.Put("k1", Large[1..]))]);
        Stores.IsNotApplied(decision.Outcomes[0], NotAppliedReason.MemoryFull);
        Assert.IsType<Outcome.Committed>(decision.Outcomes[1]);
    }

    // Undone commits give back exactly what they took.
    [Fact]
    public async Task TryGetSnapshot_OldRevision_HasItsMemory()
    {
        await using var store = await StartAsync(1 << 20);
        var memory = new List<long> { 0 };
        foreach (var operation in (Operation[])[Some.Put("k1", Large), Some.Put("k2"), new Move(Some.Key("k1"), Some.Key("k3")), Some.Delete("k2")])
        {
            await store.CommitAsync(operation);
            memory.Add(store.Latest.MemoryBytes);
        }

        for (var revision = 0; revision < memory.Count; revision++)
        {
            Assert.True(store.TryGetSnapshot(revision, out var snapshot));
            Assert.Equal(memory[revision], snapshot.MemoryBytes);
            Assert.Equal(snapshot.Scan(default).Sum(entry => entry.MemoryBytes), snapshot.MemoryBytes);
        }
    }

    private static StoreOptions Options(long entriesBytesMax) => new() { EntriesBytesMax = entriesBytesMax };

    private static Task<Store> StartAsync(long entriesBytesMax, FakeTimeProvider? time = null)
    {
        time ??= new FakeTimeProvider();
        return Stores.StartAsync(new MemoryCommitLog(time), Options(entriesBytesMax), time);
    }
}
