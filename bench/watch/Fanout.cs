namespace KvStore.WatchLoad;

/// <summary>Many watchers of keys that are written at a fixed rate: the latency of events, and the throughput of writes to other keys.</summary>
internal static class Fanout
{
    private const int ValueBytes = 100;
    private const int WriteConnections = 32;
    private const int Rounds = 3;

    public static async Task RunAsync(Uri url, int watchers, Func<int, string> query, int perSecond, int seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        await Load.ClosedLoopAsync(url, "elsewhere/", WriteConnections, ValueBytes, TimeSpan.FromSeconds(3));
        for (var round = 1; round <= Rounds; round++)
        {
            var alone = await Load.ClosedLoopAsync(url, "elsewhere/", WriteConnections, ValueBytes, time);
            var paced = await BesidePacedAsync(url, perSecond, time);
            await using var watching = await Watching.BeginAsync(url, watchers, query);
            var connected = await Load.ClosedLoopAsync(url, "elsewhere/", WriteConnections, ValueBytes, time);
            using (var end = new CancellationTokenSource())
            {
                var writing = Load.PacedAsync(url, "watched/", perSecond, ValueBytes, end.Token);
                await Task.Delay(time);
                await end.CancelAsync();
                await writing;
            }

            await Console.Out.WriteLineAsync($"round {round}: {watchers} watchers, {perSecond} writes/s, nothing else: {watching.Take()}");
            var beside = await BesidePacedAsync(url, perSecond, time);
            await Console.Out.WriteLineAsync($"round {round}: with writers elsewhere at full rate: {watching.Take()}");
            await Console.Out.WriteLineAsync($"round {round}: PUT elsewhere {alone:F0}/s alone, {connected:F0}/s with watchers that receive nothing ({connected / alone:F2}x), "
                + $"{paced:F0}/s beside the paced writes, {beside:F0}/s beside them and their watchers ({beside / paced:F2}x)");
        }
    }

    private static async Task<double> BesidePacedAsync(Uri url, int perSecond, TimeSpan time)
    {
        using var end = new CancellationTokenSource();
        var writing = Load.PacedAsync(url, "watched/", perSecond, ValueBytes, end.Token);
        var rate = await Load.ClosedLoopAsync(url, "elsewhere/", WriteConnections, ValueBytes, time);
        await end.CancelAsync();
        await writing;
        return rate;
    }
}
