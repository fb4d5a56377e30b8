using System.Globalization;

namespace KvStore.Groups;

/// <summary>What one group can do, and how many there are. Every figure is an option of the program.</summary>
internal sealed record Figures
{
    /// <summary>The numbers of groups to compute.</summary>
    public IReadOnlyList<int> Groups { get; init; } = [10, 100, 1000];

    /// <summary>PUT per second of one group.</summary>
    public double Puts { get; init; } = 20_000;

    /// <summary>GiB of etcd's database in one group. It holds the data up to seven times.</summary>
    public double DatabaseGib { get; init; } = 8;

    /// <summary>MB per second from one group to another.</summary>
    public double CopyMb { get; init; } = 50;

    /// <summary>Seconds for which writes to a first segment wait when it changes its group.</summary>
    public double SwitchSeconds { get; init; } = 0.2;

    /// <summary>First segments of keys for each group.</summary>
    public int SegmentsPerGroup { get; init; } = 100;

    /// <summary>The part of what all groups could do that clients ask for, and of their room that is used, when groups are added.</summary>
    public double Utilization { get; init; } = 0.5;

    /// <summary>Groups whose replicas one machine has.</summary>
    public int GroupsPerMachine { get; init; } = 3;

    /// <summary>Random failures that are tried.</summary>
    public int Trials { get; init; } = 2_000;

    /// <summary>The seed of all that is random.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Bytes of data that one group has room for.</summary>
    public double RoomBytes => DatabaseGib / 7 * (1L << 30);

    /// <summary>The figures with the options of a command line, <c>--name value</c>.</summary>
    /// <exception cref="FormatException">One is not known, or is no number in its range.</exception>
    public static Figures Parse(ReadOnlySpan<string> options)
    {
        var figures = new Figures();
        for (; options.Length > 0; options = options[2..])
        {
            if (options.Length == 1)
                throw new FormatException($"{options[0]} needs a value.");
            var text = options[1];
            figures = options[0] switch
            {
                "--groups" => figures with { Groups = [.. text.Split(',').Select(part => Whole(part, 2))] },
                "--puts" => figures with { Puts = Positive(text) },
                "--database" => figures with { DatabaseGib = Positive(text) },
                "--copy" => figures with { CopyMb = Positive(text) },
                "--switch" => figures with { SwitchSeconds = Positive(text) },
                "--segments" => figures with { SegmentsPerGroup = Whole(text, 1) },
                "--utilization" => figures with { Utilization = Positive(text) is <= 0.9 and var part ? part : throw new FormatException($"{text} is not between 0 and 0.9.") },
                "--per-machine" => figures with { GroupsPerMachine = Whole(text, 1) },
                "--trials" => figures with { Trials = Whole(text, 1) },
                "--seed" => figures with { Seed = Whole(text, 0) },
                var name => throw new FormatException($"{name} is not an option."),
            };
        }

        return figures;
    }

    private static int Whole(string text, int min) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min ? number : throw new FormatException($"{text} is not a whole number from {min} on.");

    private static double Positive(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : throw new FormatException($"{text} is not a number above 0.");
}
