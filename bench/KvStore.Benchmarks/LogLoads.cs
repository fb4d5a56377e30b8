using System.Diagnostics;
using System.Globalization;
using KvStore.Storage;

namespace KvStore.Benchmarks;

/// <summary>How long a log takes to load, each time in a process that has done nothing else, as at a start of the service.</summary>
internal static class LogLoads
{
    private const int BatchOperations = 512;

    /// <summary>Writes a log, loads it from segments alone, makes a checkpoint, and loads it from that.</summary>
    public static async Task RunAsync(int entries, string directory)
    {
        var root = Path.Combine(directory, $"kvstore-bench-{Environment.ProcessId}");
        try
        {
            await MakeAsync(entries, root);
            await LoadInAProcessAsync("segments alone", root);
            await using (var log = await OpenAsync(root))
            {
                var start = Stopwatch.GetTimestamp();
                var checkpoint = await log.CheckpointAsync(CancellationToken.None);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"checkpoint: {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s, {checkpoint.Bytes:N0} bytes"));
            }

            await LoadInAProcessAsync("a checkpoint", root);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>Loads a log once and says how long it took.</summary>
    public static async Task LoadAsync(string directory)
    {
        var start = Stopwatch.GetTimestamp();
        var follower = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
        await using var log = new DiskCommitLog(OptionsOf(directory), TimeProvider.System, _ => { });
        await log.FollowAsync(follower, CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{follower.Latest.Count:N0} entries in {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s, {Environment.CpuUsage.TotalTime.TotalSeconds:F2} s of processor time; the collector held it up for {GC.GetTotalPauseDuration().TotalSeconds:F2} s; {Environment.WorkingSet >> 20} MiB"));
    }

    /// <summary>Writes a log of entries with keys in random order and leaves it.</summary>
    private static async Task MakeAsync(int entries, string directory)
    {
        var keys = KeyShapes.Make(KeyShapes.Names[0], entries);
        await using var log = await OpenAsync(directory);
        foreach (var batch in keys.Chunk(BatchOperations))
            await log.CommitAsync([.. batch.Select(LogQuick.PutOf)], CancellationToken.None);
    }

    private static async Task<DiskCommitLog> OpenAsync(string directory)
    {
        var log = new DiskCommitLog(OptionsOf(directory), TimeProvider.System, _ => { });
        await log.FollowAsync(new SnapshotPublisher(new StoreOptions(), TimeProvider.System), CancellationToken.None);
        return log;
    }

    private static async Task LoadInAProcessAsync(string what, string directory)
    {
        Console.Write($"load from {what}: ");

        // The program is started by itself, or as what "dotnet" was given.
        var program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.GetCommandLineArgs()[..1] : [];
        using var process = Process.Start(Environment.ProcessPath!, [.. program, "load", directory]);
        await process.WaitForExitAsync();
    }

    private static DiskLogOptions OptionsOf(string directory) => new()
    {
        Directory = directory,
        FlushMode = FlushMode.Interval,
        CheckpointLogBytesMin = long.MaxValue,
        CheckpointBytesPerSecondMax = long.MaxValue,
    };
}
