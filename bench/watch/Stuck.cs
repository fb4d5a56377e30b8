namespace KvStore.WatchLoad;

/// <summary>A watcher that never reads while writes arrive at full rate: the cost for the service and for another watcher.</summary>
internal static class Stuck
{
    private const int WriteConnections = 16;

    public static async Task RunAsync(Uri url, int seconds, int process)
    {
        var time = TimeSpan.FromSeconds(seconds);
        await Load.ClosedLoopAsync(url, "watched/", WriteConnections, 500, TimeSpan.FromSeconds(5));
        await using var reader = Watching.Begin(url, 1, _ => "?prefix=watched/");
        await Load.ClosedLoopAsync(url, "watched/", WriteConnections, 500, time, isTimed: true);
        await Console.Out.WriteLineAsync($"without the one who never reads: {Memory.ResidentBytes(process) >> 20} MiB; another watcher: {reader.Take()}");

        using var stuck = await Connection.OpenAsync(url);
        await stuck.WatchAsync("?prefix=watched/");
        for (var round = 0; round < 3; round++)
        {
            var rate = await Load.ClosedLoopAsync(url, "watched/", WriteConnections, 500, time, isTimed: true);
            await Console.Out.WriteLineAsync($"with him, {rate:F0} writes/s of 500 B: {Memory.ResidentBytes(process) >> 20} MiB; another watcher: {reader.Take()}");
        }
    }
}
