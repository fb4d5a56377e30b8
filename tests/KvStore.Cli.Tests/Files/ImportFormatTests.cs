using System.Diagnostics;

namespace KvStore.Cli.Tests;

/// <summary>Files of other stores' own making, imported.</summary>
public sealed class ImportFormatTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();
    private readonly string _directory = Scratch.New();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Needs", "packages")]
    public async Task Etcd_OutputOfEtcdctl_IsImported()
    {
        await using var etcd = await EtcdCluster.StartAsync(1);
        var endpoint = etcd.Endpoints[0].GetLeftPart(UriPartial.Authority);
        await EtcdctlAsync("put", "config/theme", "dark");
        await EtcdctlAsync("put", "config/größe", "");
        await ShellAsync($"printf 'a\\377b' | ETCDCTL_API=3 etcdctl --endpoints {endpoint} put config/bytes");
        await ShellAsync($"ETCDCTL_API=3 etcdctl --endpoints {endpoint} get --prefix config/ -w json > etcd.json");

        var report = await ImportAsync("etcd.json", "etcd", 3);

        Assert.Equal("dark", await TextAsync("config/theme"));
        Assert.Equal("", await TextAsync("config/größe"));
        Assert.Equal([(byte)'a', 0xFF, (byte)'b'], (await service.Client.GetAsync(_prefix + "config/bytes", cancellationToken: Cancellation))?.Value.ToArray());
        Assert.Equal(0, report.GetProperty("failed").GetInt64());

        Task EtcdctlAsync(params string[] arguments) => ShellAsync($"ETCDCTL_API=3 etcdctl --endpoints {endpoint} {string.Join(' ', arguments.Select(Quoting.Quote))}");
    }

    [Fact]
    [Trait("Needs", "packages")]
    public async Task Redis_AppendOnlyFiles_AreImported()
    {
        var (redis, socket) = await StartRedisAsync();
        using (redis)
        {
            await ShellAsync($"redis-cli -s {socket} SET plain 'two words'; redis-cli -s {socket} SET session 1 EX 3600; printf 'a\\r\\n\\377' | redis-cli -s {socket} -x SET bytes; redis-cli -s {socket} RPUSH queue 1");

            // What the server wrote as the commands came.
            await ShellAsync("cat appendonlydir/*.incr.aof > redis.aof");
            var run = await ImportRunAsync("redis.aof");
            Assert.Equal((7, "redis", 3, 1), (run.Code, run.Lines[0].GetProperty("format").GetString(), run.Lines[0].GetProperty("imported").GetInt32(), run.Lines[0].GetProperty("failed").GetInt32()));
            Assert.Contains("RPUSH is not the storing of a string", run.Error, StringComparison.Ordinal);
            await AssertAllAsync();
            await service.Client.DeletePrefixAsync(_prefix, Cancellation);

            // And what it writes when it compacts them.
            await ShellAsync($"redis-cli -s {socket} DEL queue; redis-cli -s {socket} BGREWRITEAOF");
            await Soon.UntilAsync(async () => (await ShellAsync($"redis-cli -s {socket} INFO persistence")).Contains("aof_rewrite_in_progress:0", StringComparison.Ordinal)
                && Directory.EnumerateFiles(Path.Combine(_directory, "appendonlydir"), "*.2.base.aof").Any());
            await ShellAsync("cp appendonlydir/*.2.base.aof rewritten.aof");
            await ImportAsync("rewritten.aof", "redis", 3);
            await AssertAllAsync();
        }

        async Task AssertAllAsync()
        {
            Assert.Equal("two words", await TextAsync("plain"));
            Assert.Equal([(byte)'a', (byte)'\r', (byte)'\n', 0xFF], (await service.Client.GetAsync(_prefix + "bytes", cancellationToken: Cancellation))?.Value.ToArray());
            Assert.InRange((await service.Client.GetAsync(_prefix + "session", cancellationToken: Cancellation))!.TimeToLive!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(61));
            Assert.Null((await service.Client.GetAsync(_prefix + "plain", cancellationToken: Cancellation))!.TimeToLive);
        }
    }

    [Fact]
    public async Task Redis_LinesOfRedisCli_AreImported()
    {
        await WriteAsync("commands.redis", """
            SELECT 0
            SET plain value
            set "quoted key" "a\x00\n\"b\""
            SETEX session 3600 '{"user": 42}'
            MSET one 1 two 2
            INCR visits
            """);

        var run = await ImportRunAsync("commands.redis");

        Assert.Equal((7, 5), (run.Code, run.Lines[0].GetProperty("imported").GetInt32()));
        Assert.Equal("kv: command 6: INCR is not the storing of a string: only SET, SETEX, PSETEX and MSET are, and EXPIREAT and the like directly after them.\n", run.Error);
        Assert.Equal("a\0\n\"b\"", await TextAsync("quoted key"));
        Assert.Equal("""{"user": 42}""", await TextAsync("session"));
        Assert.Equal("2", await TextAsync("two"));
    }

    /// <summary>A file exactly as the documentation of <c>consul kv export</c> shows it.</summary>
    [Fact]
    public async Task Consul_ExportAsDocumented_IsImported()
    {
        await WriteAsync("consul.json", """
            [
            	{
            		"key": "config/theme",
            		"flags": 42,
            		"value": "ZGFyaw=="
            	},
            	{
            		"key": "config/empty",
            		"flags": 0,
            		"value": ""
            	}
            ]
            """);

        await ImportAsync("consul.json", "consul", 2);

        Assert.Equal("dark", await TextAsync("config/theme"));
        Assert.Equal("", await TextAsync("config/empty"));
    }

    [Fact]
    public async Task Env_FileOfVariables_IsImported()
    {
        await WriteAsync(".env", """
            # Settings of the shop
            PLAIN=one two   # a comment
            export EXPORTED=https://example.test/#part
            EMPTY=
            DOUBLE="a\n\"b\" $HOME"
            SINGLE='a\n"b"'
            LINES="first
            second"
            not a variable
            """);

        var run = await ImportRunAsync(".env");

        Assert.Equal((7, 6, "kv: line 9: It is no NAME=value.\n"), (run.Code, run.Lines[0].GetProperty("imported").GetInt32(), run.Error));
        Assert.Equal("one two", await TextAsync("PLAIN"));
        Assert.Equal("https://example.test/#part", await TextAsync("EXPORTED"));
        Assert.Equal("", await TextAsync("EMPTY"));
        Assert.Equal("a\n\"b\" $HOME", await TextAsync("DOUBLE"));
        Assert.Equal("a\\n\"b\"", await TextAsync("SINGLE"));
        Assert.Equal("first\nsecond", await TextAsync("LINES"));
        Assert.Equal("text/plain; charset=utf-8", (await service.Client.GetAsync(_prefix + "PLAIN", cancellationToken: Cancellation))?.ContentType);
    }

    [Fact]
    public async Task Lines_WithErrors_AreNamedAndTheRestIsStored()
    {
        var lines = Enumerable.Range(1, 1200).Select(number => number is 3 or 1100 ? $$"""{"kye":"{{_prefix}}{{number}}","text":""}""" : $$"""{"key":"{{_prefix}}{{number}}","text":""}""");

        var run = await service.KvAsync(Encoding.UTF8.GetBytes("\uFEFF" + string.Join("\r\n", lines)), "import");

        Assert.Equal((7, 1198, 2), (run.Code, run.Lines[0].GetProperty("imported").GetInt32(), run.Lines[0].GetProperty("failed").GetInt32()));
        Assert.Equal(["line 3", "line 1100"], run.Lines[0].GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("place").GetString()));
    }

    [Fact]
    public async Task Redis_FileThatWasCutOff_SaysSo()
    {
        await WriteAsync("cut.aof", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$10\r\nshort\r\n");

        var run = await ImportRunAsync("cut.aof");

        Assert.Equal((2, "kv: cut.aof has no commands of Redis at command 1: a word is not as long as it says. Was the file cut off, or changed by an editor?\n"), (run.Code, run.Error));
    }

    private async Task<JsonElement> ImportAsync(string file, string format, int imported)
    {
        var report = (await ImportRunAsync(file)).Done().Lines[0];
        Assert.Equal((format, imported), (report.GetProperty("format").GetString(), report.GetProperty("imported").GetInt32()));
        return report;
    }

    private Task<Run> ImportRunAsync(string file) => new Kv { Url = service.Address, WorkingDirectory = _directory }.RunAsync("import", file, "--prefix", _prefix);

    private async Task<string?> TextAsync(string key) => (await service.Client.GetAsync(_prefix + key, cancellationToken: Cancellation))?.Text;

    private Task WriteAsync(string file, string content) => File.WriteAllTextAsync(Path.Combine(_directory, file), content, Cancellation);

    private async Task<string> ShellAsync(string command)
    {
        using var bash = new Kv { WorkingDirectory = _directory }.Start("bash", "-ec", command);
        bash.StandardInput.Close();
        return (await Kv.EndAsync(bash, Kv.ReadAsync(bash.StandardOutput.BaseStream), Kv.ReadAsync(bash.StandardError.BaseStream))).Out;
    }

    private async Task<(Process Redis, string Socket)> StartRedisAsync()
    {
        var socket = Path.Combine(_directory, "s");
        var redis = new Kv { WorkingDirectory = _directory }.Start("redis-server", "--port", "0", "--unixsocket", socket, "--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", "no", "--save", "", "--logfile", "redis.log");
        await Soon.UntilAsync(async () => File.Exists(socket) && (await ShellAsync($"redis-cli -s {socket} PING || true")).StartsWith("PONG", StringComparison.Ordinal));
        return (redis, socket);
    }
}
