using System.Diagnostics;
using System.Globalization;
using KvStore.Storage;

namespace KvStore.Benchmarks;

/// <summary>The log on disk: writers against a bare write and flush of the same size on the same disk.</summary>
internal static class LogQuick
{
    private const int ValueBytes = 100;
    private const int Writes = 5_000;

    public static async Task RunAsync(string directory)
    {
        var root = Directory.CreateDirectory(Path.Combine(directory, $"kvstore-bench-{Environment.ProcessId}")).FullName;
        try
        {
            BareWrites(Path.Combine(root, "bare"));
            foreach (var writers in new[] { 1, 64, 512 })
                await WritersAsync(Path.Combine(root, $"writers{writers}"), writers);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    // What the disk can do at best with room that is reserved, one write after the other.
    private static void BareWrites(string directory)
    {
        using var disk = new LinuxDisk(directory);
        disk.Lock();
        using var file = disk.Create("bare");
        var frame = new byte[200];
        Array.Fill(frame, (byte)'x');
        file.Reserve(0, 4 << 20);
        file.Flush();
        var times = new List<double>();
        for (var i = 0; i < Writes; i++)
        {
            var start = Stopwatch.GetTimestamp();
            file.Write(frame, i * (long)frame.Length);
            file.Flush();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        Print("bare write and flush", times, times.Sum());
    }

    private static async Task WritersAsync(string directory, int writers)
    {
        await using var store = new Store(
            new DiskCommitLog(new DiskLogOptions { Directory = directory }, TimeProvider.System, _ => { }), new StoreOptions(), TimeProvider.System);
        store.Start();
        await store.Loaded;
        var keys = KeyShapes.Make(KeyShapes.Names[0], Writes);
        var times = new List<double>();
        var next = -1;
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(WriteAsync)));
        Print($"{writers} writers through the store", times, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);

        async Task WriteAsync()
        {
            var own = new List<double>();
            for (int i; (i = Interlocked.Increment(ref next)) < Writes * (long)writers;)
            {
                var start = Stopwatch.GetTimestamp();
                await store.SubmitAsync(PutOf(keys[i % Writes]));
                own.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }

            lock (times)
                times.AddRange(own);
        }
    }

    public static Transaction PutOf(Key key) => new([], [new Put(key, new byte[ValueBytes], "application/octet-stream")]);

    private static void Print(string name, List<double> times, double totalMicroseconds)
    {
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-32} {times.Count / totalMicroseconds * 1e6,9:F0}/s  p50 {times[times.Count / 2],7:F0} us  p99 {times[times.Count * 99 / 100],7:F0} us"));
    }
}
