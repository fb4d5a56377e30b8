using System.Diagnostics;

namespace KvStore.WatchLoad;

/// <summary>Writers: paced, or in a closed loop.</summary>
internal static class Load
{
    private const int PacedConnections = 8;
    private const int PacedKeysPerConnection = 125;

    /// <summary>One of the keys that are written at a fixed rate, without their prefix; there are 1,000.</summary>
    public static string PacedKey(int number) => $"{number / PacedKeysPerConnection % PacedConnections}-{number % PacedKeysPerConnection}";

    /// <summary>Writes at a fixed rate below a prefix; each value contains the time at which it was due, so a late write counts as late.</summary>
    public static Task PacedAsync(Uri url, string prefix, int perSecond, int valueBytes, CancellationToken end) =>
        Task.WhenAll(Enumerable.Range(0, PacedConnections).Select(number => Task.Run(async () =>
        {
            using var connection = await Connection.OpenAsync(url);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(4));
            var begin = Stopwatch.GetTimestamp();
            for (var written = 0L; !end.IsCancellationRequested;)
            {
                var due = (long)(Stopwatch.GetElapsedTime(begin).TotalSeconds * perSecond / PacedConnections);
                for (; written < due && !end.IsCancellationRequested; written++)
                    await connection.PutAsync(prefix + PacedKey((number * PacedKeysPerConnection) + (int)(written % PacedKeysPerConnection)), Latencies.Value(valueBytes));
                await timer.WaitForNextTickAsync(CancellationToken.None);
            }
        })));

    /// <summary>Writes in a closed loop and returns the writes per second.</summary>
    public static async Task<double> ClosedLoopAsync(Uri url, string prefix, int connections, int valueBytes, TimeSpan time, bool isTimed = false)
    {
        var counts = new long[connections];
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(number => Task.Run(async () =>
        {
            using var connection = await Connection.OpenAsync(url);
            var value = new string('v', valueBytes);
            for (; Stopwatch.GetElapsedTime(begin) < time; counts[number]++)
                await connection.PutAsync($"{prefix}{number}-{counts[number] % 100}", isTimed ? Latencies.Value(valueBytes) : value);
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
