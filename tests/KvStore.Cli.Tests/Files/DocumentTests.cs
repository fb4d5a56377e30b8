using System.Text.RegularExpressions;

namespace KvStore.Cli.Tests;

/// <summary>docs/cli.md: its commands print what it says, and it has every command and exit code.</summary>
public sealed partial class DocumentTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>In reading order, against an empty service. <c>&lt;...&gt;</c> stands for any text.</summary>
    [Fact]
    [Trait("Needs", "packages")]
    public async Task Commands_OfTheDocument_PrintWhatItSays()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        var address = server.Address.GetLeftPart(UriPartial.Authority);
        var directory = Scratch.New();
        await File.WriteAllTextAsync(Path.Combine(directory, "kv"), $"#!/bin/sh\nexec {string.Join(' ', Kv.Program.Select(Quoting.Quote))} \"$@\"\n", Cancellation);
        File.SetUnixFileMode(Path.Combine(directory, "kv"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var kv = new Kv { Url = address, WorkingDirectory = directory, ConfigurationHome = directory, Variables = [("PATH", $"{directory}:{Environment.GetEnvironmentVariable("PATH")}")] };

        var steps = StepPattern().Matches(BlocksOf(await ReadAsync()));
        Assert.True(steps.Count >= 25, $"Only {steps.Count} commands were found.");
        foreach (Match step in steps)
        {
            using var bash = kv.Start("bash", "-c", $"exec 2>&1; {step.Groups["command"].Value}");
            bash.StandardInput.Close();
            var run = await Kv.EndAsync(bash, Kv.ReadAsync(bash.StandardOutput.BaseStream), Kv.ReadAsync(bash.StandardError.BaseStream));
            var expected = "^" + PlaceholderPattern().Replace(Regex.Escape(step.Groups["answer"].Value.TrimEnd('\n')), ".+") + "$";
            var actual = run.Out.Replace(address, "http://localhost:8080", StringComparison.Ordinal).TrimEnd('\n');
            Assert.True(Regex.IsMatch(actual, expected), $"{step.Groups["command"].Value}\nprints:\n{actual}\nnot:\n{step.Groups["answer"].Value}");
        }
    }

    [Fact]
    public async Task ExitCodes_OfTheDocument_AreThoseOfTheProgram()
    {
        var documented = CodePattern().Matches(await ReadAsync()).Select(row => int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture));

        Assert.Equal(Enum.GetValues<ExitCode>().Select(code => (int)code), documented);
    }

    [Fact]
    public async Task CommandsAndOptions_OfTheProgram_AreInTheDocument()
    {
        var text = await ReadAsync();
        var missing = from command in KvCommandLine.Create().Subcommands
                      where !command.Hidden
                      from name in command.Options.Concat(command.Subcommands.SelectMany(sub => sub.Options)).Select(option => option.Name).Append($"kv {command.Name}").Concat(command.Subcommands.Select(sub => $"kv {command.Name} {sub.Name}"))
                      where !name.StartsWith("--help", StringComparison.Ordinal) && !text.Contains(name, StringComparison.Ordinal)
                      select name;

        Assert.Empty(missing.Concat(GlobalOptions.All.Select(option => option.Name).Where(name => !text.Contains(name, StringComparison.Ordinal))).Distinct());
    }

    private static string BlocksOf(string text) => string.Concat(BlockPattern().Matches(text).Select(block => block.Groups[1].Value)) + "$ ";

    private static Task<string> ReadAsync() => File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "cli.md"), Cancellation);

    [GeneratedRegex(@"^```console\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex BlockPattern();

    [GeneratedRegex(@"^\$ (?<command>[^\n]+)\n(?<answer>.*?)(?=^\$ )", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex StepPattern();

    [GeneratedRegex("<[a-z]+>")]
    private static partial Regex PlaceholderPattern();

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex CodePattern();
}
