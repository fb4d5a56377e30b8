namespace KvStore.Cli.Tests;

/// <summary>What the shell completes, in a real bash.</summary>
public sealed class CompletionTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();

    [Theory]
    [InlineData("kv cou", "counter")]
    [InlineData("kv counter ", "add get")]
    [InlineData("kv put key value --cr", "--create")]
    [InlineData("kv import --format c", "consul")]
    [InlineData("kv --profile p", "prod")]
    [InlineData("kv profile use ", "prod test")]
    [InlineData("kv --timeout 30s get Pa", "Pa/")]
    [InlineData("kv get --timeout 30s Pa/", "Pa/1 Pa/2")]
    [InlineData("kv list --timeout 30s P", "Pa/ Pb")]
    [InlineData("kv counter add --timeout 30s Pb", "Pb")]
    public async Task Bash_PartOfALine_CompletesIt(string line, string expected)
    {
        foreach (var name in new[] { "a/1", "a/2", "b" })
            await service.Client.PutAsync(_prefix + name, "1", cancellationToken: TestContext.Current.CancellationToken);
        var home = Scratch.New();
        Directory.CreateDirectory(Path.Combine(home, "kvstore"));
        await File.WriteAllTextAsync(Path.Combine(home, "kvstore", "profiles.json"), """{"profiles":{"prod":{"url":"http://prod.test"},"test":{"url":"http://test.test"}}}""", TestContext.Current.CancellationToken);
        line = line.Replace("P", _prefix, StringComparison.Ordinal);

        // What bash does when the person presses Tab: it splits the line, calls the function, and reads COMPREPLY.
        var script = $$"""
            kv() { {{string.Join(' ', Kv.Program.Select(Quoting.Quote))}} "$@"; }
            source <(kv completion bash)
            COMP_LINE={{Quoting.Quote(line)}} COMP_POINT=${#COMP_LINE}
            read -r -a COMP_WORDS <<<"$COMP_LINE"
            [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _kv
            echo "${COMPREPLY[@]}"
            """;
        using var bash = new Kv { Url = service.Address, ConfigurationHome = home }.Start("bash", "-c", script);
        var run = await Kv.EndAsync(bash, Kv.ReadAsync(bash.StandardOutput.BaseStream), Kv.ReadAsync(bash.StandardError.BaseStream));

        Assert.Equal((expected.Replace("P", _prefix, StringComparison.Ordinal) + "\n", ""), (run.Out, run.Error));
    }

    [Theory]
    [Trait("Needs", "packages")]
    [InlineData("kv cou", "-- counter")]
    [InlineData("kv list --timeout 30s P", "-S  -- Pa/ Pb/")]
    [InlineData("kv get --timeout 30s Pa/", "-- Pa/1 Pa/2")]
    [InlineData("kv put key @f", "files")]
    public async Task Zsh_PartOfALine_CompletesIt(string line, string expected)
    {
        foreach (var name in new[] { "a/1", "a/2", "b/1" })
            await service.Client.PutAsync(_prefix + name, "1", cancellationToken: TestContext.Current.CancellationToken);

        // The functions of zsh that add candidates print them: its line editor needs a terminal.
        var script = $$"""
            autoload -Uz compinit && compinit -D -u
            kv() { {{string.Join(' ', Kv.Program.Select(Quoting.Quote))}} "$@" }
            source <(kv completion zsh)
            compadd() { print -r -- "$*" }
            _files() { print files }
            words=({{line.Replace("P", _prefix, StringComparison.Ordinal)}}) CURRENT=${#words}
            _kv
            """;
        using var zsh = new Kv { Url = service.Address }.Start("zsh", "-f", "-c", script);
        var run = await Kv.EndAsync(zsh, Kv.ReadAsync(zsh.StandardOutput.BaseStream), Kv.ReadAsync(zsh.StandardError.BaseStream));

        Assert.Equal((expected.Replace("P", _prefix, StringComparison.Ordinal) + "\n", ""), (run.Out, run.Error));
    }
}
