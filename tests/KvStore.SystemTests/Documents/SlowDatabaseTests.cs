using System.Diagnostics;
using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>The sample with a slow database, as its script runs it.</summary>
[Trait("Needs", "packages")]
public sealed partial class SlowDatabaseTests
{
    [Fact]
    public async Task Script_EachStrategy_DoesWhatItsDocumentSays()
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "samples/slow-database/run.sh"), ["--port", $"{BalancerProcess.FreePort()}", "--no-build"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CONFIGURATION"] = Repository.Configuration;
        start.Environment["NO_PROXY"] = "*";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        var shown = await output;
        Assert.True(process.ExitCode == 0, $"{shown}{await error}");

        // The times differ, and the rest does not: - is for no time.
        var said = Milliseconds().Replace(shown, "ms").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Spaces().Replace(line.Trim(), " "));
        Assert.Equal(
            [
                "Writes: refuse local through behind",
                "GET, the first old, ms old, ms old, ms old, ms",
                "GET, the second old, ms old, ms old, ms old, ms",
                "PUT of a new value 409, ms 204, ms 204, ms 204, ms",
                "GET after it old, ms new, ms new, ms new, ms",
                "the database has it after - - ms ms",
                "while the database is down:",
                "GET old, ms new, ms new, ms new, ms",
                "GET of a key that was never read 502, ms 502, ms 502, ms 502, ms",
                "PUT of a newer value 409, ms 204, ms 503, ms 204, ms",
                "the database has it after its return - - - ms",
            ],
            said);
        var document = Milliseconds().Replace(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "samples/slow-database/README.md"), TestContext.Current.CancellationToken), "ms");
        Assert.All(said, line => Assert.Contains(line, Spaces().Replace(document, " "), StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\d+ ms")]
    private static partial Regex Milliseconds();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
