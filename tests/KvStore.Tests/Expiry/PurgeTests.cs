namespace KvStore.Tests;

/// <summary>Entries that were deleted by prefix leave the expiry schedule later, and take no others with them.</summary>
public sealed class PurgeTests
{
    [Fact]
    public Task Purge_RandomWritesAndDeletions_LeavesWhatTheSnapshotHas() => Seed.ForEachAsync(1_000, seed =>
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        var publisher = new SnapshotPublisher(new StoreOptions(), time);
        for (var step = 0; step < 60; step++)
        {
            var decision = new BatchDecider(time).Decide(publisher, [Some.Transaction(RandomOperation(random, time))]);
            if (decision.Commits.Count > 0)
                publisher.Apply(decision);
            if (random.Next(3) == 0)
                publisher.Expiry.Purge(random.Next(4));
        }

        while (publisher.Expiry.Purge(3))
        {
            // To the end.
        }

        var due = new List<Entry>();
        publisher.Expiry.FindDue(Entry.Never - 1, int.MaxValue, due);
        Assert.Equal(publisher.Latest.Scan(Some.Everything).Where(entry => entry.ExpiresAt is not null), due.OrderBy(entry => entry.Key));
        return Task.CompletedTask;
    });

    [Fact]
    public async Task Sweep_ManyDeletedByPrefix_ForgetsThem()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), time: time);
        for (var i = 0; i < 3_500; i += 500)
            await store.CommitAsync([.. Enumerable.Range(i, 500).Select(Operation (number) => Some.Put($"p/{number}", "value", time.GetUtcNow().AddHours(1)))]);
        await store.CommitAsync(Some.Put("stays", "value", time.GetUtcNow().AddHours(1)));
        await store.CommitAsync(new DeletePrefix("p/"u8, 3_500));

        // The sweep rests between slices.
        await Soon.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            return store.ExpiringEntries == 1;
        });
        Assert.Equal(1, store.Latest.Count);
    }

    // Few keys and times, so that many are stored again with the same ones.
    private static Operation RandomOperation(Random random, FakeTimeProvider time)
    {
        var key = $"{"ab"[random.Next(2)]}/{random.Next(6)}";
        return random.Next(5) switch
        {
            0 => new DeletePrefix(Some.Bytes(key[..random.Next(1, 4)]), 100) { ChangesMax = random.Next(3) },
            1 => Some.Delete(key),
            2 => Some.Put(key),
            _ => Some.Put(key, "value", time.GetUtcNow().AddSeconds(1 + random.Next(2))),
        };
    }
}
