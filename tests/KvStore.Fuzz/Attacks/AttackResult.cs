using System.Globalization;

namespace KvStore.Fuzz;

/// <summary>What an attack cost the service and its other clients.</summary>
/// <param name="Fault">What must not have happened; null if all was well.</param>
internal sealed record AttackResult(string Name, string Input, double Seconds, string? Fault)
{
    public const string Header = "| attack | sent | RSS peak, MiB | processor, s | written, MiB | log, KiB | PUT p50/p99/max, ms | GET p50/p99/max, ms | others' statuses | attacker's statuses | fault |\n|---|---|---|---|---|---|---|---|---|---|---|";

    public long SentBytes { get; init; }

    public long PeakBytes { get; init; }

    public double ProcessorSeconds { get; init; }

    public long WrittenBytes { get; init; }

    public long OutputBytes { get; init; }

    public double[] PutMilliseconds { get; init; } = [];

    public double[] GetMilliseconds { get; init; } = [];

    /// <summary>Of the well-behaved client; 0 counts requests without an answer.</summary>
    public SortedDictionary<int, long> Statuses { get; init; } = [];

    public SortedDictionary<int, long> AttackerStatuses { get; init; } = [];

    public string ToRow() => string.Create(CultureInfo.InvariantCulture,
        $"| {Name}: {Input} | {Size(SentBytes)} | {PeakBytes >> 20} | {ProcessorSeconds:F1} | {WrittenBytes >> 20} | {OutputBytes >> 10} | {Times(PutMilliseconds)} | {Times(GetMilliseconds)} | {Counts(Statuses)} | {Counts(AttackerStatuses)} | {Fault?.Split('\n')[0] ?? "none"} |");

    public static double[] Times(Latencies latencies) =>
        [latencies.At(0.5).TotalMilliseconds, latencies.At(0.99).TotalMilliseconds, latencies.Longest.TotalMilliseconds];

    private static string Times(double[] milliseconds) => string.Join('/', milliseconds.Select(time => time.ToString("F1", CultureInfo.InvariantCulture)));

    private static string Counts(SortedDictionary<int, long> statuses) => string.Join(", ", statuses.Select(status => $"{status.Key}: {status.Value}"));

    private static string Size(long bytes) => bytes < 1 << 20 ? $"{bytes / 1000} KB" : $"{bytes >> 20} MiB";
}
