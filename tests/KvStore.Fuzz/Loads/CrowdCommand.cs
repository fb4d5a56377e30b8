using System.Globalization;
using System.Net;

namespace KvStore.Fuzz;

/// <summary>The command that compares a well-behaved client alone with the same one beside crowds.</summary>
internal static class CrowdCommand
{
    private const double NormalPairsPerSecond = 100;
    private const int SlowValueBytes = 1 << 20;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private static readonly (string Name, int Count, Func<IPEndPoint, int, Task<Crowd>> Gather, Func<Crowd, Task> Act)[] Kinds =
    [
        ("watchers", 10_000, (endPoint, count) => Crowd.GatherAsync(endPoint, count, null, i => Texts.Get($"/v1/watch?prefix=idle/{i}/")), _ => Task.CompletedTask),
        ("long-polls", 10_000, (endPoint, count) => Crowd.GatherAsync(endPoint, count, null, i => Texts.Get($"/v1/kv/idle/{i}?wait=60")), _ => Task.CompletedTask),
        ("slow-readers", 1000, (endPoint, count) => Crowd.GatherAsync(endPoint, count, 4096, _ => Texts.Get("/v1/kv/slow")), crowd => crowd.ReadSlowlyAsync()),
        ("slow-writers", 1000, (endPoint, count) => Crowd.GatherAsync(endPoint, count, null, i => $"PUT /v1/kv/slow/{i} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SlowValueBytes}\r\n\r\n"), crowd => crowd.WriteSlowlyAsync()),
        ("idle", 16_384, (endPoint, count) => Crowd.GatherAsync(endPoint, count, null, _ => ""), _ => Task.CompletedTask),
    ];

    public static async Task<int> RunAsync(CommandLine line)
    {
        var time = line.Seconds("seconds", TimeSpan.FromSeconds(10));
        var only = line.Text("only")?.Split(',');

        // As many as the largest crowd are the default; the client beside it needs some, too.
        var start = ServiceCommand.Start(line) with { Settings = new Dictionary<string, string> { ["ConnectionsMax"] = "16500" } };
        line.ExpectNoMore();
        var isGood = true;
        foreach (var (name, count, gather, act) in Kinds.Where(kind => only is null || only.Contains(kind.Name)))
        {
            await using var service = await ServiceProcess.StartAsync(start);
            using (var connection = await WireConnection.OpenAsync(service.EndPoint))
                await connection.ExchangeAsync(Texts.Put("slow", Texts.Mebibyte));
            await using var client = new NormalClient(service.EndPoint, NormalPairsPerSecond);
            await using var watchdog = new Watchdog(service, client, new WatchdogLimits());
            await Task.Delay(Settling);
            client.StartOver();
            await Task.Delay(time);
            var (putAlone, getAlone) = (client.Puts.At(0.99), client.Gets.At(0.99));
            await Console.Out.WriteLineAsync($"{name}: alone: {OverloadCommand.Describe(client)}; {watchdog.ResidentBytes >> 20} MiB");

            using var crowd = await gather(service.EndPoint, count);
            var acting = Task.Run(() => act(crowd));
            await Task.Delay(Settling);
            await Console.Out.WriteLineAsync($"  while {crowd.Count} come ({crowd.Refused} refused): {OverloadCommand.Describe(client)}");
            await Task.Delay(time);
            await crowd.StopAsync();
            await acting;
            var (put, get) = (client.Puts.At(0.99) / putAlone, client.Gets.At(0.99) / getAlone);
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"  beside: {OverloadCommand.Describe(client)}; p99 {put:F2}x and {get:F2}x; {crowd.Closed} closed by the service; {watchdog.ResidentBytes >> 20} MiB; {watchdog.Violation ?? "no limit exceeded"}"));
            isGood &= watchdog.Violation is null && crowd is { Refused: 0, Closed: 0 };
        }

        return isGood ? 0 : 1;
    }
}
