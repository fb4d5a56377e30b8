using System.Globalization;

namespace KvStore.WatchLoad;

/// <summary>The memory of another process.</summary>
internal static class Memory
{
    public static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("VmRSS:".Length, line.Length - "VmRSS:".Length - " kB".Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) * 1024;
    }
}
