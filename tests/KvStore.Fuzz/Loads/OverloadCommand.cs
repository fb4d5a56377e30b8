using System.Globalization;

namespace KvStore.Fuzz;

/// <summary>The command that loads a service to its capacity, then with ten times as many clients, then watches how it recovers.</summary>
internal static class OverloadCommand
{
    private const double NormalPairsPerSecond = 100;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RecoveryStep = TimeSpan.FromSeconds(0.5);
    private const int RecoverySteps = 6;

    public static async Task<int> RunAsync(CommandLine line)
    {
        var connections = (int)line.Number("connections", 2000);
        var saturating = (int)line.Number("saturating", connections / 10);
        var valueBytes = (int)line.Number("value-bytes", 1000);
        var putPercent = (int)line.Number("put-percent", 50);
        var time = line.Seconds("seconds", TimeSpan.FromSeconds(30));
        await using var service = await ServiceCommand.OpenAsync(line);
        line.ExpectNoMore();
        await ClosedLoop.PrepareAsync(service.EndPoint, valueBytes);
        await ClosedLoop.RunAsync(service.EndPoint, saturating, valueBytes, putPercent, WarmUp);

        await using var client = new NormalClient(service.EndPoint, NormalPairsPerSecond);
        await using var watchdog = new Watchdog(service, client, new WatchdogLimits());
        await Task.Delay(WarmUp);
        await PrintAsync($"alone:      {Describe(client)}");
        var saturated = await MeasureAsync(saturating, time / 3);
        await PrintAsync($"saturation: {saturating} connections: {saturated.Result.Describe(time / 3)}; {watchdog.ResidentBytes >> 20} MiB; {saturated.Cost}");
        await PrintAsync($"  beside:   {Describe(client)}");

        var overloaded = await MeasureAsync(connections, time);
        await PrintAsync($"overload:   {connections} connections: {overloaded.Result.Describe(time)}; peak {watchdog.PeakBytes >> 20} MiB; {overloaded.Cost}");
        await PrintAsync($"  beside:   {Describe(client)}");
        for (var i = 1; i <= RecoverySteps; i++)
        {
            await Task.Delay(RecoveryStep);
            await PrintAsync($"after {(RecoveryStep * i).TotalSeconds:F1} s: {Describe(client)}");
        }

        var goodput = overloaded.Result.Served.Count / time.TotalSeconds / Math.Max(1, saturated.Result.Served.Count / (time / 3).TotalSeconds);
        var undocumented = overloaded.Result.Statuses.Keys.Where(status => status is not (>= 200 and < 300 or 404 or 429 or 503)).ToArray();
        await PrintAsync($"goodput {goodput:F2} of saturation, {saturated.Cost.Service / overloaded.Cost.Service:F2} by the service's processor time; statuses that are no honest refusal: {(undocumented.Length == 0 ? "none" : string.Join(", ", undocumented))}; {watchdog.Violation ?? "no limit exceeded"}");
        return undocumented.Length == 0 && watchdog.Violation is null ? 0 : 1;

        async Task<(LoadResult Result, Cost Cost)> MeasureAsync(int count, TimeSpan duration)
        {
            var (serviceBefore, loadBefore) = (watchdog.ProcessorTime, Environment.CpuUsage.TotalTime);
            var result = await ClosedLoop.RunAsync(service.EndPoint, count, valueBytes, putPercent, duration);
            watchdog.Sample();
            var requests = Math.Max(1, result.Served.Count + result.Refused.Count);
            return (result, new Cost((watchdog.ProcessorTime - serviceBefore) / requests, (Environment.CpuUsage.TotalTime - loadBefore) / requests));
        }
    }

    /// <summary>Processor time for a request: both programs share the machine, so what one takes the other cannot have.</summary>
    private sealed record Cost(TimeSpan Service, TimeSpan Load)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"processor time for a request: service {Service.TotalMicroseconds:F1} us, load {Load.TotalMicroseconds:F1} us");
    }

    /// <summary>Describes what the well-behaved client measured, and lets it start over.</summary>
    public static string Describe(NormalClient client)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"PUT p50 {client.Puts.At(0.5).TotalMilliseconds:F1} p99 {client.Puts.At(0.99).TotalMilliseconds:F1} max {client.Puts.Longest.TotalMilliseconds:F0} ms, ")
            + string.Create(CultureInfo.InvariantCulture, $"GET p50 {client.Gets.At(0.5).TotalMilliseconds:F1} p99 {client.Gets.At(0.99).TotalMilliseconds:F1} max {client.Gets.Longest.TotalMilliseconds:F0} ms, ")
            + string.Join(", ", client.Statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}: {status.Value}"));
        client.StartOver();
        return text;
    }

    private static Task PrintAsync(FormattableString text) => Console.Out.WriteLineAsync(FormattableString.Invariant(text));
}
