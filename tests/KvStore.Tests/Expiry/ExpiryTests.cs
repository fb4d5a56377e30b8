using System.Diagnostics;

namespace KvStore.Tests;

/// <summary>Entries with a lifetime: deleted by a commit, never before their time, and soon after it.</summary>
public class ExpiryTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    [Fact]
    public async Task Sweep_BeforeAndAtDeadline_DeletesAtDeadline()
    {
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), new StoreOptions { ExpiryInterval = Interval }, time);
        var put = await store.CommitAsync(Some.Put("k", "v", time.GetUtcNow() + Interval.Multiply(2) + TimeSpan.FromMilliseconds(1)), Some.Put("stays"));
        time.Advance(Interval);
        time.Advance(Interval);

        // What the tick asked for would be decided before this.
        await store.CommitAsync(Some.Put("marker"));
        Assert.NotNull(store.Latest.Find(Some.Key("k")));

        time.Advance(Interval);
        await Soon.UntilAsync(() => store.Latest.Find(Some.Key("k")) is null);
        Assert.NotNull(store.Latest.Find(Some.Key("stays")));
        Assert.True(store.TryGetSnapshot(put.Revision, out var before));
        Assert.NotNull(before.Find(Some.Key("k")));
        Assert.Equal(0, store.ExpiringEntries);
    }

    [Fact]
    public Task Sweep_RandomExpiries_DeletesAtDeadline() => Seed.ForEachAsync(200, async seed =>
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(time), new StoreOptions { ExpiryInterval = Interval, BatchOperationsMax = random.Next(1, 10) }, time);
        var deadlines = new Dictionary<string, DateTimeOffset?>();
        for (var step = 0; step < 100; step++)
        {
            if (random.Next(3) == 0)
                time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 251)));
            else
                await ChangeAsync(store, deadlines, $"k{random.Next(20)}", random, time);
            await CheckAsync(store, deadlines, time);
        }

        // The last sweep may still be running.
        await Soon.UntilAsync(() => store.Latest.Scan(Some.Everything).Count(entry => entry.ExpiresAt is not null) == store.ExpiringEntries);
    });

    [Fact]
    public async Task Sweep_LargeEntries_EndsCommitByBytes()
    {
        var time = new FakeTimeProvider();
        var log = new FakeCommitLog(time);
        var store = await Stores.StartAsync(log, new StoreOptions { BatchBytesMax = 5000, ExpiryInterval = Interval }, time);
        foreach (var size in new[] { 2000, 2000, 2000, 8000, 2000 })
            await store.CommitAsync(Some.Put($"k{store.Latest.Revision}", new string('v', size), time.GetUtcNow().AddMilliseconds(store.Latest.Revision)));
        time.Advance(Interval);
        await Soon.UntilAsync(() => store.Latest.Count == 0);
        await store.StopAsync();

        Assert.Equal([2, 1, 1, 1], log.Commits.Where(commit => commit.Changes[0].IsExpiry).Select(commit => commit.Changes.Length));
    }

    [Fact]
    public async Task Sweep_QueueFull_Deletes()
    {
        var time = new FakeTimeProvider();
        var log = new FakeCommitLog(time);
        await using var store = await Stores.StartAsync(log, new StoreOptions { QueueOperationsMax = 1, BatchOperationsMax = 1, ExpiryInterval = Interval }, time);
        await store.CommitAsync(Some.Put("k", "v", time.GetUtcNow()));
        var gate = new Gate();
        log.Committing = gate.PassAsync;
        var held = Task.Run(() => store.SubmitAsync(Some.Transaction(Some.Put("held"))));
        await gate.Reached;
        while (await Task.Run(() => store.SubmitAsync(Some.Transaction(Some.Put("waits"))).IsCompleted) is false)
        {
            // Until one is refused at once.
        }

        time.Advance(Interval);
        gate.Open();
        await held.Within();
        await Soon.UntilAsync(() => store.Latest.Find(Some.Key("k")) is null);
    }

    [Fact]
    public void Load_ExpiredEntries_AreDue()
    {
        var time = new FakeTimeProvider();
        var publisher = new SnapshotPublisher(new StoreOptions(), time);
        publisher.Load(1, [.. Enumerable.Range(0, 5).Select(i => EntryOf($"k{i}", time.GetUtcNow().AddSeconds(i - 2)))]);
        var due = new List<Entry>();
        publisher.Expiry.FindDue(time.GetUtcNow().ToUnixTimeMilliseconds(), 100, due);
        Assert.Equal(["k0", "k1", "k2"], due.Select(entry => entry.Key.ToString()));
    }

    // Looking at each entry would take minutes.
    [Fact]
    public void FindDue_MillionNotDue_IsFast()
    {
        var time = new FakeTimeProvider();
        var publisher = new SnapshotPublisher(new StoreOptions(), time);
        publisher.Load(1, [.. Enumerable.Range(0, 1_000_000).Select(i => EntryOf($"k{i:D6}", time.GetUtcNow().AddSeconds(1 + i)))]);
        var due = new List<Entry>();
        var start = Stopwatch.GetTimestamp();
        for (var tick = 0; tick < 10_000; tick++)
            publisher.Expiry.FindDue(time.GetUtcNow().ToUnixTimeMilliseconds(), 512, due);

        Assert.Empty(due);
        Assert.Equal(1_000_000, publisher.Expiry.Count);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), $"{Stopwatch.GetElapsedTime(start)}");
    }

    private static Entry EntryOf(string key, DateTimeOffset expiresAt) =>
        Entry.Create(Some.Key(key), default, "text/plain", 1, 1, 1, 0, expiresAt.ToUnixTimeMilliseconds());

    private static async Task ChangeAsync(Store store, Dictionary<string, DateTimeOffset?> deadlines, string key, Random random, FakeTimeProvider time)
    {
        var exists = store.Latest.Find(Some.Key(key)) is not null;
        var expiresAt = time.GetUtcNow().AddMilliseconds(random.Next(2_000));
        switch (random.Next(6))
        {
            case 0:
                await store.CommitAsync(Some.Put(key));
                deadlines[key] = null;
                break;
            case 1:
                await store.CommitAsync(Some.Delete(key));
                deadlines.Remove(key);
                break;
            case 2 when exists:
                await SetAsync(ExpiryUpdate.Never, null);
                break;
            case 3 when exists:
                await SetAsync(ExpiryUpdate.At(expiresAt), expiresAt);
                break;
            default:
                await store.CommitAsync(Some.Put(key, "value", expiresAt));
                deadlines[key] = expiresAt;
                break;
        }

        // An entry that is due may go between the look and the change; then there is nothing to change.
        async Task SetAsync(ExpiryUpdate expiry, DateTimeOffset? deadline)
        {
            if ((await store.CommitAsync(new SetExpiry(Some.Key(key), expiry))).Commit is null)
                deadlines.Remove(key);
            else
                deadlines[key] = deadline;
        }
    }

    // A tick that comes while a sweep runs is skipped, so two intervals are the bound here. With the longest interval that the
    // settings allow, these are the one second that users are promised.
    private static async Task CheckAsync(Store store, Dictionary<string, DateTimeOffset?> deadlines, FakeTimeProvider time)
    {
        foreach (var (key, deadline) in deadlines)
        {
            var now = time.GetUtcNow();
            if (deadline is null || deadline > now)
                Assert.True(store.Latest.Find(Some.Key(key)) is not null, $"{key} went too early: {deadline:O} at {now:O}.");
            else if (deadline + Interval.Multiply(2) <= now)
                await AssertSweptAsync(store, key, time);
        }
    }

    // The clock may have moved faster than the sweeps: T1 (sweep) has committed and is about to end, T2 (test) advances the clock,
    // and the tick is skipped. Then the next tick deletes the entry.
    private static async Task AssertSweptAsync(Store store, string key, FakeTimeProvider time)
    {
        for (var tick = 0; tick < 20; tick++)
        {
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1))
            {
                if (store.Latest.Find(Some.Key(key)) is null)
                    return;
                await Task.Yield();
            }

            time.Advance(Interval);
        }

        Assert.Fail($"{key} is still there.");
    }
}
