using System.Diagnostics;
using System.Globalization;
using KvStore.Floor.Commits;

namespace KvStore.Floor;

/// <summary>The lower bound of a durable write on this disk: one thread that writes and flushes a file.</summary>
internal static class FlushLoop
{
    /// <summary>Writes and flushes for some seconds, and prints requests, seconds, errors (twice 0), p50 and p99 in microseconds.</summary>
    public static void Run(string directory, int bytes, double seconds, FileSpace space)
    {
        using var file = File.OpenHandle(Path.Combine(directory, "flush"), FileMode.Create, FileAccess.Write);
        DiskSpace.Prepare(file, space, GroupFile.Size);
        var block = new byte[bytes];
        Random.Shared.NextBytes(block);
        var times = new List<double>();
        var clock = Stopwatch.StartNew();
        for (var offset = 0L; clock.Elapsed.TotalSeconds < seconds; offset = (offset + bytes) % (GroupFile.Size - bytes))
        {
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, block, offset);
            DiskSpace.FlushData(file);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        var elapsed = clock.Elapsed.TotalSeconds;
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"RESULT {times.Count} {elapsed:F6} 0 0 {times[times.Count / 2]:F0} {times[times.Count * 99 / 100]:F0}"));
    }
}
