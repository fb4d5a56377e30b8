using KvStore.Groups;

namespace KvStore.SystemTests;

/// <summary>The figures of the decision on groups are those that the program prints.</summary>
public sealed class GroupFiguresTests
{
    [Fact]
    public async Task Figures_OfDecision_AreComputed()
    {
        using var output = new StringWriter { NewLine = "\n" };
        Report.Write(Figures.Parse([]), output);

        Assert.Contains(output.ToString(), await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/adr/0009-groups.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--puts", "none")]
    [InlineData("--groups", "1")]
    [InlineData("--utilization", "1")]
    [InlineData("--seed")]
    [InlineData("--sed", "1")]
    public void Options_NotAcceptable_AreRefused(params string[] options) => Assert.Throws<FormatException>(() => Figures.Parse(options));

    [Fact]
    public void Placement_ByTable_IsNoWorseThanByHash()
    {
        var segments = new Segments(1_000, 0.5);
        Assert.InRange(segments.LoadsOf(segments.PlaceByTable(10), 10).Max(), 0.1, segments.LoadsOf(segments.PlaceByHash(10, new Random(1)), 10).Max());
    }
}
