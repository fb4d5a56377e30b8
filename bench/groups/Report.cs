using System.Globalization;

namespace KvStore.Groups;

/// <summary>What the program prints, as tables of Markdown.</summary>
internal static class Report
{
    private static readonly double[] Skews = [0, 0.5, 1];

    public static void Write(Figures figures, TextWriter output)
    {
        Line($"One group: {figures.Puts:N0} PUT/s, {figures.DatabaseGib:0.#} GiB in etcd, so {figures.RoomBytes / (1L << 30):0.0} GiB of data; {figures.CopyMb:0.#} MB/s from group to group. Seed {figures.Seed}.");

        Line($"");
        Line($"| groups | machines | room for data | skew | PUT/s, placed by hash | PUT/s, placed by table | of what all groups could do |");
        Line($"|---|---|---|---|---|---|---|");
        foreach (var groups in figures.Groups)
        {
            foreach (var skew in Skews)
            {
                var segments = new Segments(groups * figures.SegmentsPerGroup, skew);
                var byHash = figures.Puts / segments.LoadsOf(segments.PlaceByHash(groups, new Random(figures.Seed)), groups).Max();
                var byTable = figures.Puts / segments.LoadsOf(segments.PlaceByTable(groups), groups).Max();
                var machines = Failures.Run(figures with { Trials = 1 }, groups, inThrees: true).Machines;
                Line($"| {groups:N0} | {machines:N0} | {figures.RoomBytes * groups / (1L << 30):N0} GiB | {skew:0.0} | {byHash:N0} | {byTable:N0} | {Percent(byTable / figures.Puts / groups, 0)} |");
            }
        }

        Line($"");
        Line($"| groups | added | skew | segments moved | copied | of all data | time | longest move |");
        Line($"|---|---|---|---|---|---|---|---|");
        foreach (var groups in figures.Groups)
        {
            foreach (var skew in Skews)
            {
                var segments = new Segments(groups * figures.SegmentsPerGroup, skew);
                var moved = Rebalancing.Run(figures, segments, groups);
                Line($"| {groups:N0} | {Math.Max(1, groups / 10):N0} | {skew:0.0} | {moved.Moves:N0} | {moved.Bytes / (1L << 30):N1} GiB | {Percent(moved.Bytes / (figures.RoomBytes * figures.Utilization * groups), 1)} | {Seconds(moved.Duration)} | {Seconds(moved.LongestMove)} |");
            }
        }

        Line($"");
        Line($"| groups | machines that fail at once | replicas on | some group without a quorum | groups without one then | keys in one group | listings that meet a slow group |");
        Line($"|---|---|---|---|---|---|---|");
        foreach (var groups in figures.Groups)
        {
            foreach (var inThrees in (bool[])[false, true])
            {
                var failures = Failures.Run(figures, groups, inThrees);
                Line($"| {groups:N0} | {Failures.Failing(failures.Machines)} of {failures.Machines:N0} | {(inThrees ? "fixed threes" : "any three")} | {Percent(failures.AnyLost, 1)} | {Percent(failures.LostPart, 2)} | {Percent(1.0 / groups, 1)} | {Percent(1 - Math.Pow(0.99, groups), 1)} |");
            }
        }

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    private static string Percent(double part, int digits) => Math.Round(part * 100, digits).ToString($"F{digits}", CultureInfo.InvariantCulture) + "%";

    private static string Seconds(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:N1} s");
}
