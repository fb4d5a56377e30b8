using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvStore.Floor;

/// <summary>The lower bound of a durable write on this disk: one thread that writes and flushes a file with reserved space.</summary>
internal static partial class FlushLoop
{
    private const long ReservedBytes = 64 << 20;

    /// <summary>Writes and flushes for some seconds, and prints requests, seconds, errors (twice 0), p50 and p99 in microseconds.</summary>
    public static void Run(string directory, int bytes, double seconds)
    {
        using var file = File.OpenHandle(Path.Combine(directory, "flush"), FileMode.Create, FileAccess.Write);
        if (Allocate(file, 0, 0, ReservedBytes) != 0)
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        var block = new byte[bytes];
        Random.Shared.NextBytes(block);
        var times = new List<double>();
        var clock = Stopwatch.StartNew();
        for (var offset = 0L; clock.Elapsed.TotalSeconds < seconds; offset = (offset + bytes) % (ReservedBytes - bytes))
        {
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, block, offset);
            if (FlushData(file) != 0)
                throw new IOException(Marshal.GetLastPInvokeErrorMessage());
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        var elapsed = clock.Elapsed.TotalSeconds;
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"RESULT {times.Count} {elapsed:F6} 0 0 {times[times.Count / 2]:F0} {times[times.Count * 99 / 100]:F0}"));
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FlushData(SafeFileHandle file);
}
