using System.Diagnostics;
using System.Globalization;
using KvStore.Storage;

namespace KvStore.Benchmarks;

/// <summary>The deletion of a million entries by prefix, beside another writer and a watcher, and a read of the state before it.</summary>
internal static class PrefixQuick
{
    private const int Entries = 1_000_000;
    private const int BatchOperations = 512;
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(string directory)
    {
        foreach (var expires in new[] { false, true })
        {
            await DeleteAsync("memory", expires, new MemoryCommitLog(TimeProvider.System));
            var root = Directory.CreateDirectory(Path.Combine(directory, $"kvstore-bench-{Environment.ProcessId}")).FullName;
            try
            {
                await DeleteAsync("disk", expires, new DiskCommitLog(new DiskLogOptions { Directory = root, CheckpointLogBytesMin = long.MaxValue }, TimeProvider.System, _ => { }));
            }
            finally
            {
                Directory.Delete(root, recursive: true);
            }
        }
    }

    private static async Task DeleteAsync(string engine, bool expires, ICommitLog log)
    {
        await using var store = new Store(log, new StoreOptions { HistoryBytesMax = 1L << 30 }, TimeProvider.System);
        store.Start();
        await store.Loaded;
        DateTimeOffset? expiresAt = expires ? DateTimeOffset.UtcNow.AddHours(1) : null;
        for (var from = 0; from < Entries; from += BatchOperations)
            await store.SubmitAsync(new Transaction([], [.. Enumerable.Range(from, Math.Min(BatchOperations, Entries - from)).Select(i => new Put(KeyOf(i), new byte[100], "text/plain", expiresAt))]));
        GC.Collect();

        using var watcher = store.TryWatch(WatchFilter.OfPrefix("entry/"u8), store.Latest.Revision)!;
        using var stopping = new CancellationTokenSource();
        var writing = Task.Run(() => WriteAsync(store, stopping.Token));
        await Task.Delay(Around);
        var (start, processor, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, store.Latest.Revision);
        var deleted = await store.SubmitAsync(new Transaction([], [new DeletePrefix("entry/"u8, Entries)]));
        var answered = Stopwatch.GetElapsedTime(start);
        var state = await watcher.ReadAsync(Around, CancellationToken.None);
        var notified = Stopwatch.GetElapsedTime(start);
        while (store.ExpiringEntries > 0)
            await Task.Delay(1);
        var purged = Stopwatch.GetElapsedTime(start);
        await Task.Delay(Around);
        processor = Environment.CpuUsage.TotalTime - processor;
        await stopping.CancelAsync();
        var longest = await writing;

        start = Stopwatch.GetTimestamp();
        var found = (await store.FindSnapshotAsync(before, CancellationToken.None)).Snapshot?.Count ?? -1;
        var read = Stopwatch.GetElapsedTime(start);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{engine}, {(expires ? "expiring" : "not expiring")}: {deleted.GetType().Name} after {answered.TotalMilliseconds:F1} ms; the longest other write took {longest:F1} ms; watcher {state} after {notified.TotalMilliseconds:F1} ms; nothing left to purge after {purged.TotalMilliseconds:F0} ms; {processor.TotalMilliseconds:F0} ms of processor from the deletion to 2 s after that; {found:N0} entries read before it in {read.TotalMilliseconds:F2} ms"));
    }

    // The longest write, in milliseconds.
    private static async Task<double> WriteAsync(Store store, CancellationToken stopping)
    {
        var longest = 0.0;
        while (!stopping.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await store.SubmitAsync(new Transaction([], [new Put(Key.Parse("other"), new byte[100], "text/plain", null)]));
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.Delay(1, CancellationToken.None);
        }

        return longest;
    }

    private static Key KeyOf(int i) => Key.Parse(string.Create(CultureInfo.InvariantCulture, $"entry/{i:D7}"));
}
