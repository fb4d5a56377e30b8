using System.Diagnostics;
using System.Globalization;

namespace KvStore.WatchLoad;

/// <summary>
/// Many watchers of keys that are written at a fixed rate: the latency of events, the processor time of a delivery, and the throughput of writes to other keys.
/// </summary>
/// <param name="Url">The service, which is written to.</param>
/// <param name="Sender">The process that sends to the watchers.</param>
/// <param name="WatchUrl">Where it is watched: the service, or the program that only sends.</param>
/// <param name="Watchers">How many watchers.</param>
/// <param name="Query">What each watches.</param>
/// <param name="PerSecond">Writes per second to the watched keys.</param>
/// <param name="Time">The length of each of the four phases of a round.</param>
/// <param name="Rounds">How many rounds.</param>
internal sealed record Fanout(Uri Url, Process Sender, Uri WatchUrl, int Watchers, Func<int, string> Query, int PerSecond, TimeSpan Time, int Rounds)
{
    private const int ValueBytes = 100;
    private const int WriteConnections = 32;

    // Until the service is compiled and the machine is at its pace.
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(6);

    // Until the sender has closed the connections of the last round.
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);

    public async Task RunAsync()
    {
        await WriteElsewhereAsync(WarmUpTime);
        var rounds = new List<Round>();
        while (rounds.Count < Rounds)
        {
            rounds.Add(await RunRoundAsync());
            await Console.Out.WriteLineAsync($"round {rounds.Count}: {rounds[^1]}");
        }

        await Console.Out.WriteLineAsync($"medians: {Round.MedianOf(rounds)}");
    }

    // What the sender takes without watchers is subtracted.
    private async Task<Round> RunRoundAsync()
    {
        await Task.Delay(SettleTime);
        var alone = await PacedAsync(Task.Delay);
        var without = await BesidePacedAsync();
        await using var watching = Watching.Begin(WatchUrl, Watchers, Query);
        await Task.Delay(SettleTime);
        watching.Take();
        var beside = await PacedAsync(Task.Delay);
        var calm = watching.Take();
        var with = await BesidePacedAsync();
        var busy = watching.Take();
        await Console.Out.WriteLineAsync($"nothing else: {calm}");
        await Console.Out.WriteLineAsync($"with writers elsewhere at full rate: {busy}");
        return new Round(
            without, with, (beside - alone).TotalMicroseconds / calm.Events, calm.ReaderTime.TotalMicroseconds / calm.Events, calm.Times.At(0.5), calm.Times.At(0.99), busy.Times.At(0.5), busy.Times.At(0.99));
    }

    private async Task<double> BesidePacedAsync()
    {
        var rate = 0.0;
        await PacedAsync(async time => rate = await WriteElsewhereAsync(time));
        return rate;
    }

    // As fast as the service answers, by wrk, which takes less of the machine than this program would. Requests per second.
    private async Task<double> WriteElsewhereAsync(TimeSpan time)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "elsewhere.lua");
        var start = new ProcessStartInfo("wrk", ["-t1", $"-c{WriteConnections}", $"-d{time.TotalSeconds:F0}", "-s", script, Url.ToString()]) { RedirectStandardOutput = true };
        using var wrk = Process.Start(start)!;
        var output = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        const string Label = "Requests/sec:";
        var line = output.Split('\n').Single(line => line.StartsWith(Label, StringComparison.Ordinal));
        return output.Contains("Non-2xx", StringComparison.Ordinal)
            ? throw new InvalidOperationException(output)
            : double.Parse(line.AsSpan(Label.Length), NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    // The processor time of the sender meanwhile.
    private async Task<TimeSpan> PacedAsync(Func<TimeSpan, Task> meanwhile)
    {
        using var end = new CancellationTokenSource();
        var writing = Load.PacedAsync(Url, "watched/", PerSecond, ValueBytes, end.Token);
        Sender.Refresh();
        var before = Sender.TotalProcessorTime;
        await meanwhile(Time);
        Sender.Refresh();
        var processor = Sender.TotalProcessorTime - before;
        await end.CancelAsync();
        await writing;
        return processor;
    }

    private sealed record Round(double Without, double With, double SenderMicroseconds, double ReaderMicroseconds, double CalmP50, double CalmP99, double BusyP50, double BusyP99)
    {
        public static Round MedianOf(List<Round> rounds) => new(
            Median(rounds, static round => round.Without), Median(rounds, static round => round.With),
            Median(rounds, static round => round.SenderMicroseconds), Median(rounds, static round => round.ReaderMicroseconds),
            Median(rounds, static round => round.CalmP50), Median(rounds, static round => round.CalmP99), Median(rounds, static round => round.BusyP50), Median(rounds, static round => round.BusyP99))
        { MedianRatio = Median(rounds, static round => round.Ratio) };

        private double? MedianRatio { get; init; }

        private double Ratio => MedianRatio ?? With / Without;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"PUT elsewhere {Without:F0}/s without watchers, {With:F0}/s beside them ({Ratio:F3}x); processor us a delivery: {SenderMicroseconds:F3} to send, {ReaderMicroseconds:F3} to receive; "
            + $"p50 and p99 {CalmP50:F1} and {CalmP99:F1} ms with nothing else, {BusyP50:F1} and {BusyP99:F1} ms beside writers");

        private static double Median(List<Round> rounds, Func<Round, double> of)
        {
            var sorted = rounds.Select(of).Order().ToList();
            return sorted[sorted.Count / 2];
        }
    }
}
