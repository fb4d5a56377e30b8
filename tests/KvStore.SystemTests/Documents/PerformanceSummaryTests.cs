using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>The summary of docs/performance.md and its picture say what the recorded tables say.</summary>
public sealed class PerformanceSummaryTests
{
    [Fact]
    [Trait("Needs", "packages")]
    public async Task Summary_IsMadeOfTheTables()
    {
        var (code, output, errors) = await ProgramRun.RunAsync(new ProcessStartInfo("node", ["bench/surface/summary.mjs", "--check"]) { WorkingDirectory = Repository.Root }, TimeSpan.FromMinutes(2));
        Assert.True(code == 0, output + errors);
    }
}
