using System.Globalization;
using System.Text.RegularExpressions;
using KvStore.SystemTests.Harness;

namespace KvStore.SystemTests;

/// <summary>README.md is what people try first: every command in it is run, and every answer compared.</summary>
public sealed partial class ReadmeTests
{
    private const string DocumentedAddress = "http://localhost:8080";
    private const int StepsMin = 20;

    [Fact]
    public async Task Tour_ReplayedFromTheReadme_AnswersAsTheReadmeSays()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), TestContext.Current.CancellationToken);
        var steps = ConsoleTour.Parse(readme);
        await using var server = await ServerProcess.StartAsync();
        await using var shell = new Bash();
        var matcher = new TourMatcher();

        var differences = new List<string>();
        foreach (var step in steps)
        {
            Assert.Contains(DocumentedAddress, step.Command, StringComparison.Ordinal);
            var command = matcher.Translate(step.Command).Replace(DocumentedAddress, server.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
            var result = await shell.RunAsync(command);
            var answer = result.Output.Replace(server.Address.GetLeftPart(UriPartial.Authority), DocumentedAddress, StringComparison.Ordinal);
            if (matcher.Differs(step.Answer, answer) is { } difference)
                differences.Add($"README.md:{step.Line}: {step.Command}\n{difference}\n");
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(steps.Count >= StepsMin, $"Only {steps.Count} commands were found in README.md.");
    }

    [Fact]
    public void Links_ToFilesOfTheRepository_LeadSomewhere()
    {
        foreach (var readme in (string[])["README.md", "samples/debian-packages/README.md"])
        {
            var path = Path.Combine(Repository.Root, readme);
            var links = LinkPattern().Matches(File.ReadAllText(path)).Select(match => match.Groups[1].Value).Where(link => !link.StartsWith("http", StringComparison.Ordinal));
            Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, link)), $"{readme}: {link}"));
        }
    }

    [Fact]
    public async Task Limits_InTheReadme_AreTheDefaultsThatTheServiceNames()
    {
        await using var server = ServerProcess.Launch(["--help"]);
        Assert.Equal(0, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        var help = DefaultPattern().Matches(server.Output.ToString()).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), TestContext.Current.CancellationToken);

        var rows = LimitPattern().Matches(readme);

        Assert.True(rows.Count >= 10, $"Only {rows.Count} limits were found in README.md.");
        Assert.All(rows, row =>
        {
            var unit = row.Groups["unit"].Value switch { "KiB" => 1L << 10, "MiB" => 1L << 20, _ => 1 };
            var documented = long.Parse(row.Groups["number"].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) * unit;
            Assert.Equal((row.Groups["name"].Value, help[row.Groups["name"].Value]), (row.Groups["name"].Value, documented.ToString(CultureInfo.InvariantCulture)));
        });
    }

    [Theory]
    [InlineData("ETag: \"1\"", "ETag: \"7\"", true)]
    [InlineData("ETag: \"1\"\nKvStore-Revision: 1", "ETag: \"7\"\nKvStore-Revision: 8", false)]
    [InlineData("ETag: \"1\"\nKvStore-Revision: 2", "ETag: \"8\"\nKvStore-Revision: 7", false)]
    [InlineData("at <time>.", "at 2026-01-31T10:00:00.123Z.", true)]
    [InlineData("at <time>.", "at noon.", false)]
    [InlineData("<html>", "<html>", true)]
    [InlineData("a", "ab", false)]
    [InlineData("a", "a\r\n", true)]
    public void Matcher_DocumentedAndRealAnswer_DiffersOnlyInWhatIsFixed(string documented, string real, bool same) =>
        Assert.Equal(same, new TourMatcher().Differs(documented, real) is null);

    [Fact]
    public void Parser_CommandOverSeveralLines_EndsWithItsQuotes()
    {
        var step = Assert.Single(ConsoleTour.Parse("x\n```console\n$ curl --data '{\n  \"id\": 1\n}' \\\n  http://h\n{}\n```\n$ not this\n"));

        Assert.Equal("curl --data '{\n  \"id\": 1\n}' \\\n  http://h", step.Command);
        Assert.Equal("{}", step.Answer);
    }

    [GeneratedRegex(@"\]\(([^)#]+)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"^  (\w+) +default ([^;]+);", RegexOptions.Multiline)]
    private static partial Regex DefaultPattern();

    [GeneratedRegex(@"^\|[^|]*\| (?<number>[0-9,]+) ?(?<unit>KiB|MiB)? \| `(?<name>\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex LimitPattern();
}
