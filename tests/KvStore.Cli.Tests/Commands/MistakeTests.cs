namespace KvStore.Cli.Tests;

/// <summary>What people get wrong, and what they read then: the whole message, and the exit code.</summary>
public sealed class MistakeTests(Service service)
{
    private readonly string _directory = Scratch.New();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gte hello", 2, "gte is not a command of kv. Did you mean get? See: kv --help")]
    [InlineData("counter ad visits", 2, "ad is not a command of kv counter. Did you mean add? See: kv counter --help")]
    [InlineData("counter", 2, "kv counter needs a command: get, add.")]
    [InlineData("get", 2, "kv get needs KEY. See: kv get --help")]
    [InlineData("put hello", 2, "kv put needs VALUE. See: kv put --help")]
    [InlineData("get a b", 2, "kv get does not take b: it has all its arguments already. Quote a value with spaces. See: kv get --help")]
    [InlineData("put hello --tll 5", 2, "kv put has no option --tll. Did you mean --ttl? If it is a value, put -- before it.")]
    [InlineData("put hello -x", 2, "kv put has no option -x. If it is a value, put -- before it.")]
    [InlineData("put hello world --ttl soon", 2, "--ttl must be a duration: a number of seconds, or numbers with units (ms, s, m, h, d), such as 90, 1m30s or 7d. Given: soon.")]
    [InlineData("put hello world --ttl 99999d", 2, "--ttl must be a duration: a number of seconds, or numbers with units (ms, s, m, h, d), such as 90, 1m30s or 7d. Given: 99999d.")]
    [InlineData("put hello world --ttl 11000d", 2, "--ttl must be from 1s to 3650d. Given: 11000d.")]
    [InlineData("put hello world --ttl", 2, "--ttl needs a value: --ttl DURATION.")]
    [InlineData("put hello @missing.json", 2, "The value cannot be read from missing.json: there is no such file. A value that begins with @ itself has to come from standard input.")]
    [InlineData("put hello world --create --if-match 7", 2, "Give --create or --if-match, not both: one wants no entry, the other wants one.")]
    [InlineData("put hello world --if-match seven", 2, "--if-match must be a revision such as 42, an ETag such as \"42\", or a position such as 3f2a9c0d5e6b7a81.42. Given: seven.")]
    [InlineData("put hello world --type grün", 2, "contentType: Only printable ASCII characters are possible.")]
    [InlineData("get no/such/key", 1, "no/such/key has no entry.")]
    [InlineData("get ../etc", 2, "A part of the key between slashes is . or .., which clients and proxies rewrite. Use another name.")]
    [InlineData("delete", 2, "Say what to delete: a key, or --prefix PREFIX.")]
    [InlineData("delete --prefix a/", 2, "Deleting by prefix asks first, and there is no terminal to ask at. Add --yes.")]
    [InlineData("delete --prefix= --yes", 2, "--prefix needs a value: --prefix PREFIX. It is followed by --yes.")]
    [InlineData("delete --yes --prefix ", 2, "An empty prefix would delete everything. Delete by the first parts of your keys, such as --prefix user/.")]
    [InlineData("list --keys --tree", 2, "Give --keys or --tree, not both.")]
    [InlineData("list --limit many", 2, "--limit must be a whole number from 1 to 9,223,372,036,854,775,807. Given: many.")]
    [InlineData("list --output yaml", 2, "--output must be text or json. Given: yaml.")]
    [InlineData("watch a/ --key b", 2, "Give a prefix or --key, not both.")]
    [InlineData("watch --after yesterday", 2, "--after must be a revision such as 42, an ETag such as \"42\", or a position such as 3f2a9c0d5e6b7a81.42. Given: yesterday.")]
    [InlineData("txn missing.json", 2, "missing.json cannot be read: there is no such file.")]
    [InlineData("txn broken.json", 2, "broken.json, line 2, byte 19 is no valid JSON: '}' is an invalid start of a value.")]
    [InlineData("txn wrong.json", 2, "wrong.json is no transaction: operations[0].putt is not known; these are: put, delete, get, move. Did you mean put?")]
    [InlineData("txn nothing.json", 2, "nothing.json is no transaction: operations[0].put must have exactly one of json, text and base64.")]
    [InlineData("cas hello new", 2, "Give the expected and the new value: kv cas KEY OLD NEW. Or say by ETag what is expected: kv cas KEY NEW --if-match ETAG")]
    [InlineData("cas no/such/key old new", 1, "no/such/key was not changed: it has no entry.")]
    [InlineData("counter add visits few", 2, "N must be a whole number of 64 bits. Given: few.")]
    [InlineData("import strange.bin", 2, "strange.bin does not begin as one of the formats that kv knows. Say which one it is with --format: ndjson, consul, etcd, env, redis.")]
    [InlineData("import wrong.json --format consl", 2, "consl is no format; these are: ndjson, consul, etcd, env, redis. Did you mean consul?")]
    [InlineData("import .", 2, ". cannot be read: it is a directory.")]
    [InlineData("export missing/file", 2, "missing/file cannot be written: its directory does not exist.")]
    [InlineData("bench --duration 1h", 2, "--duration must be from 100ms to 1m0s. Given: 1h.")]
    [InlineData("--url localhost:8080 list", 2, "localhost:8080, from --url, is not the address of a service; one looks like http://localhost:8080. Did you mean http://localhost:8080?")]
    [InlineData("--url http://127.0.0.1:1 list", 3, "Cannot connect to http://127.0.0.1:1: Connection refused (127.0.0.1:1). Check that the service runs at this address. The address comes from --url.")]
    [InlineData("--url http://127.0.0.1:1 status", 3, "Cannot connect to http://127.0.0.1:1: Connection refused (127.0.0.1:1). Check that the service runs at this address. The address comes from --url.")]
    [InlineData("--profile prod list", 2, "There is no profile prod: HOME/kvstore/profiles.json has none yet. Add one with: kv profile add prod URL")]
    [InlineData("--url http://a --profile b list", 2, "Give --url or --profile, not both: a profile has its own address.")]
    [InlineData("--key-file missing list", 2, "The key cannot be read from missing: Could not find file 'HOME/missing'.")]
    [InlineData("keys new --name shop", 2, "kv keys new needs --rights RIGHTS. See: kv keys new --help")]
    [InlineData("keys new --name shop --rights raed", 2, "raed is no right; these are: read, write, delete, admin. Did you mean read?")]
    [InlineData("keys hash", 2, "This is no key: one is kv_ and 43 letters, digits, - and _.")]
    [InlineData("profile use prod", 1, "There is no profile prod.")]
    public async Task Command_WithAMistake_SaysWhatToDo(string command, int code, string message)
    {
        await WriteAsync("broken.json", "{\"operations\": [\n  {\"put\": {\"key\": }}]}");
        await WriteAsync("wrong.json", """{"operations": [{"putt": {}}]}""");
        await WriteAsync("nothing.json", """{"operations": [{"put": {"key": "a"}}]}""");
        await File.WriteAllBytesAsync(Path.Combine(_directory, "strange.bin"), [1, 2, 3, 4], Cancellation);

        var run = await new Kv { Url = service.Address, ConfigurationHome = _directory, WorkingDirectory = _directory }.RunAsync(command.Split(' '));

        Assert.Equal((code, "", $"kv: {message}\n"), (run.Code, run.Out, run.Error.Replace(_directory, "HOME", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Key_MissingWrongAndWithoutTheRight_AreNotAllowed()
    {
        const string Key = "kv_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        var hash = (await service.KvAsync(Encoding.ASCII.GetBytes(Key + "\n"), "keys", "hash")).Done().Out.Trim();
        await using var restricted = await ServerProcess.StartAsync(
            ("Engine", "memory"), ("Keys__0__Name", "shop"), ("Keys__0__Hash", hash), ("Keys__0__Rights", "read,write"), ("Keys__0__Prefixes__0", "shop/"));
        var address = restricted.Address.GetLeftPart(UriPartial.Authority);

        (await KvAsync(Key, "put", "shop/a", "1")).Done();
        var without = await KvAsync(null, "get", "shop/a");
        var wrong = await KvAsync(Key.Replace('A', 'B'), "get", "shop/a");
        var elsewhere = await KvAsync(Key, "get", "other");
        var status = await KvAsync(Key, "status");
        var damaged = await KvAsync("kv_ with spaces", "get", "shop/a");

        Assert.Equal((4, "kv: The service wants a key, and none was given. Set KVSTORE_KEY, give --key-file FILE, or add a profile with a key: kv profile add NAME URL --key-file FILE\n"), (without.Code, without.Error));
        Assert.Equal((4, "kv: The service does not accept the key: it is wrong, was removed, or has expired.\n"), (wrong.Code, wrong.Error));
        Assert.Equal((4, 4), (elsewhere.Code, status.Code));
        Assert.Contains("shop/", elsewhere.Error, StringComparison.Ordinal);
        Assert.Contains("admin", status.Error, StringComparison.Ordinal);
        Assert.Equal((2, "kv: There is no key in KVSTORE_KEY: one is a single line of printable characters without spaces, such as kv_ and 43 characters.\n"), (damaged.Code, damaged.Error));

        Task<Run> KvAsync(string? key, params string[] arguments) => new Kv { Url = address, Variables = key is null ? [] : [("KVSTORE_KEY", key)] }.RunAsync(arguments);
    }

    [Fact]
    public async Task Address_OfAnotherService_SaysThatItIsNoKvStore()
    {
        using var listener = new System.Net.HttpListener();
        var port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var answering = AnswerAsync();

        var run = await new Kv { Url = $"http://127.0.0.1:{port}" }.RunAsync("get", "a");

        listener.Stop();
        await answering;
        Assert.Equal(3, run.Code);
        Assert.Contains("but not by KvStore. Check the address given to the client, and the proxies on the way to it. The address comes from KVSTORE_URL.", run.Error, StringComparison.Ordinal);

        async Task AnswerAsync()
        {
            try
            {
                while (true)
                    (await listener.GetContextAsync()).Response.Close();
            }
            catch (Exception exception) when (exception is System.Net.HttpListenerException or ObjectDisposedException)
            {
                // It was stopped.
            }
        }
    }

    [Fact]
    public async Task Service_ThatDoesNotAnswer_IsGivenUp()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();

        var run = await new Kv { Url = $"http://{silent.LocalEndpoint}" }.RunAsync("get", "a", "--timeout", "300ms");

        Assert.Equal(3, run.Code);
        Assert.StartsWith($"kv: http://{silent.LocalEndpoint} did not answer completely within 0.", run.Error, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task WriteAsync(string file, string content) => File.WriteAllTextAsync(Path.Combine(_directory, file), content, Cancellation);
}
