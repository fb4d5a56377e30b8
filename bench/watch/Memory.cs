using System.Globalization;

namespace KvStore.WatchLoad;

/// <summary>The memory of the service.</summary>
internal static class Memory
{
    /// <summary>Bytes of objects, with those that have not been collected yet.</summary>
    public static async Task<long> HeapBytesAsync(Uri url)
    {
        using var client = new HttpClient();
        var metrics = await client.GetStringAsync(new Uri(url, "/metrics"));
        var line = metrics.Split('\n').Single(line => line.StartsWith("kvstore_memory_heap_bytes{", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    public static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("VmRSS:".Length, line.Length - "VmRSS:".Length - " kB".Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) * 1024;
    }
}
