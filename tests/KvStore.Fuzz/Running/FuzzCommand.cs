namespace KvStore.Fuzz;

/// <summary>The commands of the fuzzer.</summary>
internal static class FuzzCommand
{
    public static async Task<int> RunAsync(CommandLine line)
    {
        var options = new FuzzOptions
        {
            Requests = line.Number("requests", 100_000),
            Seed = (int)line.Number("seed", Random.Shared.Next()),
            Connections = (int)line.Number("connections", 48),
            Theme = line.Text("theme"),
            IsAmplified = line.Text("sequences") != "false",
            AnswerMax = line.Seconds("answer-max", TimeSpan.FromSeconds(60)),
            Limits = new WatchdogLimits
            {
                ResidentBytesMax = line.Number("rss-max-mib", WatchdogLimits.DefaultResidentBytesMax >> 20) << 20,
                StallMax = line.Seconds("stall-max", TimeSpan.FromSeconds(10)),
                OutputBytesMax = line.Number("output-max-kib", 64 * 1024) << 10,
            },
            Report = text => Console.Error.WriteLine(text),
        };
        if (options.Theme is { } theme && !Sequence.All.Any(sequence => sequence.Name == theme))
            throw new FormatException($"There is no theme {theme}; these are: {string.Join(", ", Sequence.All.Select(sequence => sequence.Name))}.");
        await using var service = await ServiceCommand.OpenAsync(line);
        line.ExpectNoMore();
        await Console.Out.WriteLineAsync($"seed {options.Seed}");
        var report = await new Fuzzer(service, options).RunAsync();
        await Console.Out.WriteLineAsync(report.ToString());
        return report.Failure is null ? 0 : 1;
    }

    public static async Task<int> ReplayAsync(CommandLine line)
    {
        var fuzzCase = CaseText.Parse(await File.ReadAllTextAsync(line.Text("case") ?? throw new FormatException("Which --case?")));
        await using var service = await ServiceCommand.OpenAsync(line);
        line.ExpectNoMore();
        await Console.Out.WriteLineAsync(await new Fuzzer(service, new FuzzOptions()).ReplayAsync(fuzzCase));
        return 0;
    }
}
