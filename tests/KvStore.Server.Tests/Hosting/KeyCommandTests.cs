namespace KvStore.Server.Tests;

/// <summary>The commands for key files.</summary>
public sealed class KeyCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directories = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly string _file;

    public KeyCommandTests()
    {
        var directory = Directory.CreateDirectory(_directories.New()).FullName;
        _file = Path.Combine(directory, "keys.json");
    }

    public void Dispose() => _directories.Dispose();

    [Fact]
    public async Task New_Key_IsAloneOnStandardOutputAndOnlyItsHashInTheFile()
    {
        var made = await RunAsync("", "new", "--name", "shop", "--rights", "read,write", "--prefix", "shop/", "--prefix=cart/", "--expires", "90d", "--file", _file);

        Assert.Equal(0, made.ExitCode);
        var token = made.Output.TrimEnd('\n');
        Assert.Matches("^kv_[A-Za-z0-9_-]{43}$", token);
        Assert.Equal($"{_file} has a new key: shop: read,write below shop/, cart/, expires 2026-04-01T00:00:00Z. The line above is the key; it cannot be shown again.\n", made.Error);
        Assert.DoesNotContain(token, File.ReadAllText(_file), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_file));
        Assert.Equal((0, "shop: read,write below shop/, cart/, expires 2026-04-01T00:00:00Z\n", ""), await RunAsync(token + "\n", "verify", "--file", _file));
        Assert.Equal((0, "shop: read,write below shop/, cart/, expires 2026-04-01T00:00:00Z\n", ""), await RunAsync("", "verify", token, "--file", _file));
        Assert.Equal((0, "shop: read,write below shop/, cart/, expires 2026-04-01T00:00:00Z\n", ""), await RunAsync("", "list", "--file", _file));
    }

    [Fact]
    public async Task New_NameThatExists_IsRefused()
    {
        await RunAsync("", "new", "--name", "shop", "--rights", "read", "--file", _file);
        var before = File.ReadAllText(_file);
        var (exitCode, output, error) = await RunAsync("", "new", "--name", "shop", "--rights", "admin", "--file", _file);
        Assert.Equal((2, "", $"{_file} has a key shop already. Choose another name, or remove it with: keys remove --name shop --file {_file}.\n"), (exitCode, output, error));
        Assert.Equal(before, File.ReadAllText(_file));
    }

    [Fact]
    public async Task Remove_Key_IsGone()
    {
        var token = (await RunAsync("", "new", "--name", "shop", "--rights", "read", "--file", _file)).Output;
        Assert.Equal((0, "", $"The key shop is removed from {_file}.\n"), await RunAsync("", "remove", "--name", "shop", "--file", _file));
        Assert.Equal((1, "", $"{_file} does not have this key.\n"), await RunAsync(token, "verify", "--file", _file));
        Assert.Equal(1, (await RunAsync("", "remove", "--name", "shop", "--file", _file)).ExitCode);
    }

    [Fact]
    public async Task Verify_ExpiredOrNoKey_Fails()
    {
        var token = (await RunAsync("", "new", "--name", "shop", "--rights", "read", "--expires", "1h", "--file", _file)).Output;
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal((1, "shop: read to all keys, expired 2026-01-01T01:00:00Z\n", "It has expired.\n"), await RunAsync(token, "verify", "--file", _file));
        Assert.Equal((1, "", "This is no key: one is kv_ and 43 letters, digits, - and _.\n"), await RunAsync("", "verify", "kv_", "--file", _file));
    }

    [Fact]
    public async Task New_ManyWritersAtOnce_LoseNothing()
    {
        const int Writers = 16;
        var link = _file + ".link";
        File.CreateSymbolicLink(link, _file);
        var made = await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => Task.Run(() => RunAsync("", "new", "--name", $"key{i}", "--rights", "read", "--file", i % 2 == 0 ? _file : link))));
        Assert.All(made, one => Assert.Equal(0, one.ExitCode));
        Assert.Equal(Writers, (await RunAsync("", "list", "--file", _file)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.NotNull(new FileInfo(link).LinkTarget);
    }

    [Fact]
    public async Task New_FileThatIsNoKeyFile_IsLeftAlone()
    {
        File.WriteAllText(_file, "precious");
        Assert.Equal(2, (await RunAsync("", "new", "--name", "shop", "--rights", "read", "--file", _file)).ExitCode);
        Assert.Equal("precious", File.ReadAllText(_file));
    }

    [Theory]
    [InlineData("new", "Give the key file with --file FILE.|Give the name of the key with --name NAME.|Give the rights of the key with --rights, such as --rights read,write. There are read, write, delete, admin.")]
    [InlineData("new --name a --rights read,execute --file f", "--rights must be some of read, write, delete, admin, separated by commas. Given: read,execute.")]
    [InlineData("new --name a --rights read --expires 90 --file f", "--expires must be a duration such as 90d or 12h, or a time to come such as 2027-01-31T12:00:00Z. Given: 90.")]
    [InlineData("new --name a --rights read --expires 2020-01-01T00:00:00Z --file f", "--expires must be a duration such as 90d or 12h, or a time to come such as 2027-01-31T12:00:00Z. Given: 2020-01-01T00:00:00Z.")]
    [InlineData("new --name a --rights read --file", "--file needs a value.|Give the key file with --file FILE.")]
    [InlineData("list --name a --file f", "--name is not a switch of keys list; these are: --file.|a is not a switch of keys list; these are: --file.")]
    [InlineData("remove --name a --name b --file f", "--name is given twice; keys remove takes one.")]
    [InlineData("new --name a --rights read --rights=write --file f", "--rights is given twice; keys new takes one.")]
    [InlineData("verify kv_1 kv_2 --file f", "keys verify takes one key.")]
    [InlineData("list --file /", "The key file / is a directory. Name a file in it.")]
    [InlineData("new --name a --rights read --file /", "The key file / is a directory. Name a file in it.")]
    [InlineData("new --name a --rights read --file /absent/keys.json", "The directory of the key file /absent/keys.json does not exist. Make it first.")]
    [InlineData("add --file f", "add is not a command of keys; these are: new, list, verify, remove.")]
    [InlineData("list --file /absent/keys.json", "The key file /absent/keys.json does not exist. Make a key with: keys new --name NAME --rights read,write --file /absent/keys.json.")]
    public async Task Command_Unacceptable_SaysWhy(string arguments, string problems)
    {
        var (exitCode, output, error) = await RunAsync("", arguments.Split(' '));
        Assert.Equal((2, "", string.Join('\n', problems.Split('|')) + "\n"), (exitCode, output, error));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("new --help")]
    [InlineData("help")]
    public async Task Command_Help_IsPrinted(string arguments) =>
        Assert.Equal((0, KeyCommandLine.Usage, ""), await RunAsync("", arguments.Split(' ')));

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string input, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exitCode = await new KeyCommands(new StringReader(input), output, error, _time).ExecuteAsync(arguments);
        return (exitCode, output.ToString(), error.ToString());
    }
}
