using System.Diagnostics;
using System.Globalization;
using KvStore.Storage;

namespace KvStore.Benchmarks;

/// <summary>Entries with an expiry: the cost of those that are not due, and the time to delete a million that fall due at once.</summary>
internal static class ExpiryQuick
{
    private const int Ticks = 1_000_000;
    private const int BatchOperations = 512;
    private static readonly int[] Counts = [0, 100_000, 1_000_000];

    public static async Task RunAsync(string directory)
    {
        foreach (var count in Counts)
            Tick(count);
        await StormAsync("memory", Counts[^1], new MemoryCommitLog(TimeProvider.System));
        var root = Directory.CreateDirectory(Path.Combine(directory, $"kvstore-bench-{Environment.ProcessId}")).FullName;
        try
        {
            await StormAsync("disk", Counts[^1], new DiskCommitLog(new DiskLogOptions { Directory = root }, TimeProvider.System, _ => { }));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    // One scan for due entries, as the sweeper does four times a second.
    private static void Tick(int count)
    {
        var expiresAt = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds();
        var image = Snapshot.FromSorted(1, Enumerable.Range(0, count).Select(i =>
            Entry.Create(KeyOf(i).Utf8, new byte[100], "text/plain", 1, 1, 1, 0, expiresAt + i)));
        var schedule = new ExpirySchedule(new MemoryAccount("idempotency", 0));
        var before = GC.GetTotalMemory(true);
        var start = Stopwatch.GetTimestamp();
        schedule.Load(image);
        var load = Stopwatch.GetElapsedTime(start);
        var bytes = count == 0 ? 0 : (GC.GetTotalMemory(true) - before) / count;

        var due = new List<Entry>();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        start = Stopwatch.GetTimestamp();
        for (var tick = 0; tick < Ticks; tick++)
            schedule.FindDue(now, BatchOperations, due);
        var perTick = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Ticks;
        GC.KeepAlive(image);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,9:N0} not due: {perTick,5:F0} ns per scan, {bytes} B per entry, {load.TotalMilliseconds:F0} ms to load"));
    }

    private static async Task StormAsync(string engine, int count, ICommitLog log)
    {
        await using var store = new Store(log, new StoreOptions(), TimeProvider.System);
        store.Start();
        await store.Loaded;
        var deadline = DateTimeOffset.UtcNow.AddSeconds(15);
        for (var from = 0; from < count; from += BatchOperations)
            await store.SubmitAsync(new Transaction([], [.. Enumerable.Range(from, Math.Min(BatchOperations, count - from)).Select(i => new Put(KeyOf(i), new byte[100], "text/plain", deadline))]));
        if (DateTimeOffset.UtcNow > deadline)
            throw new InvalidOperationException("The entries were due before all were there.");

        using var watcher = store.TryWatch(WatchFilter.OfPrefix("entry/"u8), store.Latest.Revision)!;
        var watching = Task.Run(() => WatchAsync(watcher, count));
        var times = new List<double>();
        while (DateTimeOffset.UtcNow < deadline)
            await Task.Delay(1);
        while (store.ExpiringEntries > 0)
        {
            var start = Stopwatch.GetTimestamp();
            await store.SubmitAsync(LogQuick.PutOf(Key.Parse("other")));
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.Delay(1);
        }

        var gone = DateTimeOffset.UtcNow - deadline;
        var delivered = await watching is { } at ? string.Create(CultureInfo.InvariantCulture, $"{(at - deadline).TotalSeconds:F2} s") : "never: the watcher fell behind";
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count:N0} due at once, {engine}: gone after {gone.TotalSeconds:F2} s, all events delivered after {delivered}; meanwhile a write p50 {times[times.Count / 2]:F2}, p99 {times[times.Count * 99 / 100]:F2}, longest {times[^1]:F2} ms"));
    }

    // When the last event arrived; null if the watcher fell behind the retained history.
    private static async Task<DateTimeOffset?> WatchAsync(Watcher watcher, int count)
    {
        while (count > 0)
        {
            if (await watcher.ReadAsync(TimeSpan.FromSeconds(30), CancellationToken.None) != WatchState.Changed)
                return null;
            foreach (var commit in watcher.Commits)
                count -= watcher.Filter.CountIn(commit);
        }

        return DateTimeOffset.UtcNow;
    }

    private static Key KeyOf(int i) => Key.Parse(string.Create(CultureInfo.InvariantCulture, $"entry/{i:D7}"));
}
