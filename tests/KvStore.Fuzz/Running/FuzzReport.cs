using System.Globalization;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>What came of a run.</summary>
/// <param name="Failure">What was wrong, with the case as text that <c>--replay</c> takes; null if nothing was.</param>
internal sealed record FuzzReport(int Seed, long Requests, long SentBytes, TimeSpan Elapsed, IReadOnlyDictionary<int, long> Statuses, string? Failure)
{
    public long PeakBytes { get; init; }

    public long EndBytes { get; init; }

    public TimeSpan ProcessorTime { get; init; }

    public long WrittenBytes { get; init; }

    public long OutputBytes { get; init; }

    public TimeSpan LongestStall { get; init; }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"seed {Seed}: {Requests} requests in {Elapsed.TotalSeconds:F1} s, {Requests / Elapsed.TotalSeconds:F0} a second; {SentBytes >> 20} MiB sent; ");
        text.Append(CultureInfo.InvariantCulture, $"peak {PeakBytes >> 20} MiB resident, {EndBytes >> 20} at the end; {ProcessorTime.TotalSeconds:F1} s of processor time; ");
        text.Append(CultureInfo.InvariantCulture, $"{WrittenBytes >> 20} MiB written, {OutputBytes >> 10} KiB of log lines; longest stall {LongestStall.TotalMilliseconds:F0} ms\n");
        text.AppendJoin(", ", Statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}: {status.Value}"));
        return Failure is null ? text.ToString() : $"{text}\nFAILED: {Failure}";
    }
}
