namespace KvStore.Cli;

/// <summary><c>kv bench</c>: a short load, to see what a service and the way to it can do. Its bounds keep it from being an attack by accident.</summary>
internal static class BenchCommand
{
    private static readonly double[] Percentiles = [50, 90, 99, 99.9];

    public static Command Create()
    {
        var duration = GlobalOptions.NewDuration("--duration", "How long (5s; at most 1m)", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        var connections = GlobalOptions.NewNumber("--connections", "How many calls at a time (16)", 1, 256);
        var reads = GlobalOptions.NewNumber("--reads", "How many of 100 calls are reads (90)", 0, 100);
        var valueBytes = GlobalOptions.NewNumber("--value-bytes", "The size of each value (100)", 0, 1 << 20);
        var keys = GlobalOptions.NewNumber("--keys", "How many keys (1,000)", 1, 100_000);
        var command = new Command("bench", "Read and write for some seconds, and print throughput and latency percentiles") { duration, connections, reads, valueBytes, keys };
        command.Run(async (session, cancellationToken) =>
        {
            var arguments = session.Arguments;
            var prefix = string.Create(CultureInfo.InvariantCulture, $"kv-bench/{Guid.NewGuid():N}/");
            var plan = new LoadPlan(
                arguments.GetValue(duration) ?? TimeSpan.FromSeconds(5), (int)(arguments.GetValue(connections) ?? 16), (int)(arguments.GetValue(reads) ?? 90),
                (int)(arguments.GetValue(valueBytes) ?? 100), (int)(arguments.GetValue(keys) ?? 1000), prefix);
            return await RunAsync(session, plan, cancellationToken);
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(Session session, LoadPlan plan, CancellationToken cancellationToken)
    {
        var run = new LoadRun(session.Client, plan);
        try
        {
            if (!session.IsJson)
                session.Say($"{plan.Connections} connections for {Units.Duration(plan.Duration)}, {plan.ReadPercent} % reads, {Units.Count(plan.Keys, "key", "keys")} of {Units.Bytes(plan.ValueBytes)} below {plan.Prefix}");
            await run.PrepareAsync(cancellationToken);
            await run.RunAsync(cancellationToken);
        }
        finally
        {
            await CleanAsync(session, plan.Prefix);
        }

        Print(session, run, plan.Prefix);
        return cancellationToken.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    // Also after an interruption. A key without the right to delete leaves them there, and so does a service that is away.
    private static async Task CleanAsync(Session session, string prefix)
    {
        try
        {
            await session.Client.DeletePrefixAsync(prefix, CancellationToken.None);
        }
        catch (KvStoreException failure)
        {
            session.Say($"The keys of the load could not be deleted: {failure.Message} Delete them with: kv delete --prefix {prefix}");
        }
    }

    private static void Print(Session session, LoadRun run, string prefix)
    {
        (string Name, LatencyHistogram Latencies)[] rows = [.. new[] { ("read", run.Reads), ("write", run.Writes) }.Where(row => row.Item2.Count > 0)];
        if (session.IsJson)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("prefix"u8, prefix);
                json.WriteNumber("seconds"u8, Math.Round(run.Elapsed.TotalSeconds, 3));
                json.WriteNumber("failed"u8, run.Failures);
                foreach (var (name, latencies) in rows)
                    WriteJson(json, name, latencies, run.Elapsed);
                json.WriteEndObject();
            });
            return;
        }

        var table = new Table(session.Out, ["", "CALLS", "PER SECOND", .. Percentiles.Select(percent => string.Create(CultureInfo.InvariantCulture, $"P{percent:0.#}")), "MAX"]);
        foreach (var (name, latencies) in rows)
            table.Add([name, Units.Count(latencies.Count), Units.Count((long)(latencies.Count / run.Elapsed.TotalSeconds)), .. Percentiles.Select(percent => Units.Microseconds(latencies.Percentile(percent))), Units.Microseconds(latencies.MaxMicroseconds)]);
        table.Print();
        if (run.Failures > 0)
            session.Out.Line(session.Out.Paint(Color.Red, $"{Units.Count(run.Failures, "call", "calls")} failed, the first one with: {run.FirstFailure}"));
    }

    private static void WriteJson(Utf8JsonWriter json, string name, LatencyHistogram latencies, TimeSpan elapsed)
    {
        json.WriteStartObject(name);
        json.WriteNumber("calls"u8, latencies.Count);
        json.WriteNumber("per_second"u8, Math.Round(latencies.Count / elapsed.TotalSeconds, 1));
        foreach (var percent in Percentiles)
            json.WriteNumber(string.Create(CultureInfo.InvariantCulture, $"p{percent:0.#}_us"), Math.Round(latencies.Percentile(percent)));
        json.WriteNumber("max_us"u8, latencies.MaxMicroseconds);
        json.WriteEndObject();
    }
}
