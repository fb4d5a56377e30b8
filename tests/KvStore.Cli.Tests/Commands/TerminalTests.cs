using System.Text.RegularExpressions;

namespace KvStore.Cli.Tests;

/// <summary>Every command on a pseudo-terminal: text for people, in color, and questions.</summary>
public sealed partial class TerminalTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Each command with what it prints: a regular expression, without colors.</summary>
    [Theory]
    [InlineData("put P/new value", "^created P/new at revision \\d+\n$")]
    [InlineData("put P/a value", "^replaced P/a at revision \\d+\n$")]
    [InlineData("get P/a", "^one\n$")]
    [InlineData("get P/a --meta", "^key       P/a\nrevision  \\d+\ntype      text/plain; charset=utf-8\nsize      3 B\n$")]
    [InlineData("get P/a --json", "^\\{\"key\":\"P/a\",.*\"text\":\"one\"\\}\n$")]
    [InlineData("delete P/a", "^deleted P/a at revision \\d+\n$")]
    [InlineData("delete --prefix P/ --yes", "^deleted 2 entries\n$")]
    [InlineData("list P/", "^KEY +SIZE +REVISION +MODIFIED +TYPE\nP/a +3 B +\\d+ +20.*Z +text/plain; charset=utf-8\nP/b.*\n2 entries\n$")]
    [InlineData("list P/ --values", "^KEY +VALUE\nP/a +one\nP/b +two\n2 entries\n$")]
    [InlineData("list P/ --limit 1", "the first 1 entry\n$")]
    [InlineData("list P/ --tree", "^P/\n  a  3 B, revision \\d+\n  b  3 B, revision \\d+\n$")]
    [InlineData("list P/ --json", "^\\{\"key\":\"P/a\".*\n\\{\"key\":\"P/b\".*\n$")]
    [InlineData("watch P/ --after R --count 2", "^watching; Ctrl\\+C ends it\n\\d\\d:\\d\\d:\\d\\d  put     P/a  one\n\\d\\d:\\d\\d:\\d\\d  put     P/b  two\n$")]
    [InlineData("txn TXN", "^committed at revision \\d+\n  P/a  one\n$")]
    [InlineData("cas P/a one two", "^replaced P/a at revision \\d+\n$")]
    [InlineData("counter add P/n 2", "^2\n$")]
    [InlineData("counter get P/n", "^0\n$")]
    [InlineData("export FILE --prefix P/", "exported 2 entries, \\d+ B, as of revision \\d+\n$")]
    [InlineData("import LINES", "imported 1 entry \\(ndjson\\)\n$")]
    [InlineData("bench --duration 100ms --keys 5", "^kv: 16 connections for 0.1s, 90 % reads, 5 keys of 100 B below kv-bench/.*\n +CALLS +PER SECOND +P50 +P90 +P99 +P99.9 +MAX\nread  ")]
    [InlineData("status", "^service +http://127.*\nversion +\\d.*\nengine +memory\n(.*\n)+MEMORY +USED +BOUND +PEAK +REFUSED\nentries ")]
    [InlineData("cluster", "^REPLICA +STATE +REVISION +LAG +SEEN +VERSION +URL\n.* ready .*\n\n1 healthy, 1 needed: 0 more may fail\n$")]
    [InlineData("keys new --name shop --rights read", "^kv_[A-Za-z0-9_-]{43}\nThe line above is the key.*\n\\{\"name\":\"shop\",\"hash\":\"[0-9a-f]{64}\",\"rights\":\\[\"read\"\\]\\}\n$")]
    [InlineData("keys list KEYS", "^NAME +RIGHTS +PREFIXES +EXPIRES\nshop +read,write +shop/ +2027-01-31 12:00:00Z\n$")]
    [InlineData("profile list", "^ +NAME +URL +KEY\n\\* +test +http://example.test +yes\n$")]
    [InlineData("completion bash", "^# Completion of kv for bash")]
    [InlineData("version", "^kv \\d")]
    public async Task Command_OnATerminal_PrintsForPeople(string command, string expected)
    {
        var (directory, name) = (Scratch.New(), _prefix[..^1]);
        var start = await service.Client.PutAsync("start", "", cancellationToken: Cancellation);
        await service.Client.PutAsync(_prefix + "a", "one", cancellationToken: Cancellation);
        await service.Client.PutAsync(_prefix + "b", "two", cancellationToken: Cancellation);
        await WriteAsync("TXN", $$$"""{"operations": [{"get": {"key": "{{{_prefix}}}a"}}, {"delete": {"key": "{{{_prefix}}}a"}}]}""");
        await WriteAsync("LINES", $$"""{"key":"{{_prefix}}c","text":"three"}""");
        await WriteAsync("KEYS", """{"keys":[{"name":"shop","hash":"00","rights":["read","write"],"prefixes":["shop/"],"expires":"2027-01-31T12:00:00Z"}]}""");
        Directory.CreateDirectory(Path.Combine(directory, "kvstore"));
        await WriteAsync("kvstore/profiles.json", """{"current":"test","profiles":{"test":{"url":"http://example.test","key":"k"}}}""");
        File.SetUnixFileMode(Path.Combine(directory, "kvstore/profiles.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var arguments = command.Split(' ').Select(word => word == "R" ? start.Revision.ToString() : PrefixPattern().Replace(word, name + "/")).ToArray();

        var run = await new Kv { Url = service.Address, ConfigurationHome = directory, WorkingDirectory = directory }.RunOnTerminalAsync(arguments);

        var text = ColorPattern().Replace(run.Out, "");
        Assert.True(run.Code == 0 && Regex.IsMatch(text[(text.LastIndexOf('\r') + 1)..], PrefixPattern().Replace(expected, name + "/")), $"exit code {run.Code}\n{run.Out}");

        Task WriteAsync(string file, string content) => File.WriteAllTextAsync(Path.Combine(directory, file), content, Cancellation);
    }

    [Fact]
    public async Task Get_ControlCharactersAndBytes_AreEscaped()
    {
        await service.Client.PutAsync(_prefix + "evil", "a\e[2Jb\u0007\tc\nd\u202E"u8.ToArray().Append((byte)0xFF).ToArray(), cancellationToken: Cancellation);

        Assert.Equal("a\\x1b[2Jb\\x07\tc\nd\\xe2\\x80\\xae\\xff\n", await TabsOf(await service.KvOnTerminalAsync("get", _prefix + "evil")));

        // The terminal itself may print a tab as spaces.
        static Task<string> TabsOf(Run run) => Task.FromResult(Regex.Replace(run.Out, @"\\x07 +c", "\\x07\tc"));
    }

    [Theory]
    [InlineData("y\n", 0, "deleted 1 entry")]
    [InlineData("\n", 1, "kv: Nothing was deleted.")]
    public async Task DeletePrefix_OnATerminal_Asks(string answer, int code, string expected)
    {
        await service.Client.PutAsync(_prefix + "a", "1", cancellationToken: Cancellation);

        var run = await new Kv { Url = service.Address, Input = Encoding.UTF8.GetBytes(answer) }.RunOnTerminalAsync("delete", "--prefix", _prefix);

        Assert.Contains($"Delete 1 entry whose key starts with {_prefix}? [y/N]", run.Out, StringComparison.Ordinal);
        Assert.Contains(expected, ColorPattern().Replace(run.Out, ""), StringComparison.Ordinal);
        Assert.Equal((code, code == 0 ? 0 : 1), (run.Code, await service.Client.CountAsync(_prefix, cancellationToken: Cancellation)));
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("NO_COLOR", "1", false)]
    [InlineData("TERM", "dumb", false)]
    public async Task Color_OnATerminal_CanBeTurnedOff(string name, string value, bool isColored)
    {
        var run = await new Kv { Url = service.Address, Variables = name.Length > 0 ? [(name, value)] : [] }.RunOnTerminalAsync("put", _prefix + "a", "1");

        Assert.Equal(isColored, run.Out.Contains('\e', StringComparison.Ordinal));
    }

    [Fact]
    public async Task AskedForKey_OnATerminal_DoesNotAppear()
    {
        var home = Scratch.New();
        using var process = new Kv { ConfigurationHome = home }.StartOnTerminal("profile", "add", "prod", "https://kv.example.com", "--ask-key");
        var output = Kv.ReadAsync(process.StandardOutput.BaseStream);
        await process.StandardInput.WriteAsync("kv_secret\r".AsMemory(), Cancellation);
        await process.StandardInput.FlushAsync(Cancellation);

        var run = await Kv.EndAsync(process, output, Kv.ReadAsync(process.StandardError.BaseStream));

        Assert.Equal(0, run.Code);
        Assert.Contains("\"kv_secret\"", await File.ReadAllTextAsync(Path.Combine(home, "kvstore", "profiles.json"), Cancellation), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\bP/")]
    private static partial Regex PrefixPattern();

    [GeneratedRegex(@"\e\[[0-9;?]*[a-zA-Z=>]|\e[=>]")]
    private static partial Regex ColorPattern();
}
