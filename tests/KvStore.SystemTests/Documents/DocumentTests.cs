using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>What people try first and what they look up: every command that a document shows with its answer is run, and the answer compared.</summary>
[Trait("Needs", "packages")]
[Trait("Program", "both")]
public sealed partial class DocumentTests
{
    private const string DocumentedAddress = "http://localhost:8080";
    private const string DocumentedProgram = "dotnet kvstore/KvStore.Server.dll";

    /// <summary>Each document has a fresh service, and its commands run in reading order.</summary>
    [Theory]
    [InlineData("README.md", 20)]
    [InlineData("docs/http-api.md", 25)]
    [InlineData("docs/operations.md", 11)]
    [InlineData("docs/recipes.md", 40)]
    [InlineData("docs/mergeable-values.md", 10)]
    public async Task Tour_OfDocument_AnswersAsDocumented(string document, int stepsMin)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, document), TestContext.Current.CancellationToken);
        var steps = ConsoleTour.Parse(text);
        await using var server = await ServerProcess.StartAsync();
        await using var shell = new Bash();
        await shell.RunAsync($"ln -s {server.WorkingDirectory}/data data");
        var matcher = new TourMatcher();

        var differences = new List<string>();
        foreach (var step in steps)
        {
            Assert.True(new[] { DocumentedAddress, DocumentedProgram, " data/" }.Any(part => step.Command.Contains(part, StringComparison.Ordinal)),
                $"{document}:{step.Line}: a command asks the service, is its program, or has to do with its data.");
            var command = matcher.Translate(step.Command)
                .Replace(DocumentedAddress, server.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
                .Replace(DocumentedProgram, string.Join(' ', Repository.Server), StringComparison.Ordinal);
            var result = await shell.RunAsync(command);
            var answer = result.Output.Replace(server.Address.GetLeftPart(UriPartial.Authority), DocumentedAddress, StringComparison.Ordinal);
            if (matcher.Differs(step.Answer, answer) is { } difference)
                differences.Add($"{document}:{step.Line}: {step.Command}\n{difference}\n");
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(steps.Count >= stepsMin, $"Only {steps.Count} commands were found in {document}.");
    }

    [Fact]
    public async Task Limits_InReadme_AreDefaults()
    {
        await using var server = ServerProcess.Launch(["--help"]);
        Assert.Equal(0, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        var help = DefaultPattern().Matches(server.Output.ToString()).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), TestContext.Current.CancellationToken);

        var rows = LimitPattern().Matches(readme);

        Assert.True(rows.Count >= 10, $"Only {rows.Count} limits were found in README.md.");
        Assert.All(rows, row =>
        {
            var documented = row.Groups["number"].Value.Replace(",", "", StringComparison.Ordinal) + (row.Groups["unit"].Value is "KiB" or "MiB" ? row.Groups["unit"].Value : "");
            Assert.Equal((row.Groups["name"].Value, help[row.Groups["name"].Value]), (row.Groups["name"].Value, documented));
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
    public void Matcher_DocumentedAndRealAnswer_ComparesFixedParts(string documented, string real, bool same) =>
        Assert.Equal(same, new TourMatcher().Differs(documented, real) is null);

    [Fact]
    public void Parser_MultilineCommand_EndsWithQuotes()
    {
        var step = Assert.Single(ConsoleTour.Parse("x\n```console\n$ curl --data '{\n  \"id\": 1\n}' \\\n  http://h\n{}\n```\n$ not this\n"));

        Assert.Equal("curl --data '{\n  \"id\": 1\n}' \\\n  http://h", step.Command);
        Assert.Equal("{}", step.Answer);
    }

    [GeneratedRegex(@"^  (\w+) +(\S+)  +\S", RegexOptions.Multiline)]
    private static partial Regex DefaultPattern();

    [GeneratedRegex(@"^\|[^|]*\| (?<number>[0-9,]+) ?(?<unit>KiB|MiB)? \| `(?<name>\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex LimitPattern();
}
