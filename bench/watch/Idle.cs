namespace KvStore.WatchLoad;

/// <summary>Idle watchers: the memory that each costs.</summary>
internal static class Idle
{
    public static async Task RunAsync(Uri url, int watchers, int process)
    {
        var connections = new List<Connection>();
        await Load.ClosedLoopAsync(url, "elsewhere/", 8, 100, TimeSpan.FromSeconds(2));
        var before = Memory.ResidentBytes(process);
        var heapBefore = await Memory.HeapBytesAsync(url);
        for (var i = 0; i < watchers; i++)
        {
            var connection = await Connection.OpenAsync(url);
            await connection.WatchAsync($"?prefix=idle/{i}/");
            connections.Add(connection);
        }

        var open = Memory.ResidentBytes(process);

        // Two heartbeat intervals, so that every watch has sent its bookmarks.
        await Task.Delay(TimeSpan.FromSeconds(22));
        var silent = Memory.ResidentBytes(process);
        var heapSilent = await Memory.HeapBytesAsync(url);
        await Load.ClosedLoopAsync(url, "elsewhere/", 8, 100, TimeSpan.FromSeconds(5));
        var after = Memory.ResidentBytes(process);
        await Console.Out.WriteLineAsync($"resident MiB: {before >> 20} before, {open >> 20} with {watchers} watchers, {silent >> 20} after 22 s of silence, {after >> 20} after 5 s of writes elsewhere");
        await Console.Out.WriteLineAsync($"heap MiB, with what is not collected yet: {heapBefore >> 20} before, {heapSilent >> 20} after 22 s of silence; KiB per watcher: {(heapSilent - heapBefore) / 1024.0 / watchers:F1}");
        await Console.Out.WriteLineAsync($"KiB per watcher: {(open - before) / 1024.0 / watchers:F1}, {(silent - before) / 1024.0 / watchers:F1}, {(after - before) / 1024.0 / watchers:F1}");
        foreach (var connection in connections)
            connection.Dispose();
    }
}
