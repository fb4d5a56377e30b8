using KvStore.SystemTests.Harness;

namespace KvStore.SystemTests;

/// <summary>README.md is what people try first: every command in it is run, and every answer compared.</summary>
public sealed class ReadmeTests
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
}
