namespace KvStore.Cli.Tests;

/// <summary>Every command in a pipe, against a real service.</summary>
public sealed class PipeTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PutAndGet_BytesOfEveryValue_ArriveUnchanged()
    {
        byte[] value = [.. Enumerable.Range(0, 256).Select(number => (byte)number)];

        var put = (await service.KvAsync(value, "put", _prefix + "bytes", "-")).Done();
        var get = (await service.KvAsync("get", _prefix + "bytes")).Done();

        Assert.True(put.Lines[0].GetProperty("created").GetBoolean());
        Assert.Equal(value, get.Bytes);
        Assert.Equal(("application/octet-stream", 256), (await EntryAsync("bytes")) is { } entry ? (entry.ContentType, entry.Value.Length) : default);
    }

    [Fact]
    public async Task Put_ArgumentFileAndType_ChooseTheMediaType()
    {
        var file = Path.Combine(Scratch.New(), "theme.json");
        await File.WriteAllTextAsync(file, """{"theme": "dark"}""", Cancellation);

        (await service.KvAsync("put", _prefix + "text", "grün")).Done();
        (await service.KvAsync("put", _prefix + "file", "@" + file)).Done();
        (await service.KvAsync("put", _prefix + "typed", "1", "--type", "json", "--ttl", "1h")).Done();

        Assert.Equal(("text/plain; charset=utf-8", "grün"), (await EntryAsync("text")) is { } text ? (text.ContentType, text.Text) : default);
        Assert.Equal(("application/json", """{"theme": "dark"}"""), (await EntryAsync("file")) is { } json ? (json.ContentType, json.Text) : default);
        Assert.NotNull((await EntryAsync("typed"))?.ExpiresAt);
        Assert.Equal("application/json", (await EntryAsync("typed"))?.ContentType);
    }

    [Fact]
    public async Task Put_Conditions_AreTheServices()
    {
        var created = (await service.KvAsync("put", _prefix + "one", "1", "--create")).Done().Lines[0].GetProperty("revision").GetInt64();
        var again = await service.KvAsync("put", _prefix + "one", "2", "--create");
        (await service.KvAsync("put", _prefix + "one", "3", "--if-match", $"\"{created}\"")).Done();
        var outdated = await service.KvAsync("put", _prefix + "one", "4", "--if-match", created.ToString(CultureInfo.InvariantCulture));
        var absent = await service.KvAsync("put", _prefix + "two", "4", "--if-match", "*");

        Assert.Equal((1, 1, 1), (again.Code, outdated.Code, absent.Code));
        Assert.Equal("3", (await EntryAsync("one"))?.Text);
        Assert.Null(await EntryAsync("two"));
    }

    [Fact]
    public async Task Get_Json_HasMetadataAndTheValueInItsForm()
    {
        await service.Client.PutAsync(_prefix + "json", """{"a":[1,2]}"""u8.ToArray(), "application/json", cancellationToken: Cancellation);
        await service.Client.PutAsync(_prefix + "lines", "{\n}"u8.ToArray(), "application/json", cancellationToken: Cancellation);
        await service.Client.PutAsync(_prefix + "bytes", new byte[] { 0xFF }, cancellationToken: Cancellation);

        var json = (await service.KvAsync("get", _prefix + "json", "--json")).Done().Lines[0];
        var lines = (await service.KvAsync("get", _prefix + "lines", "--json")).Done().Lines[0];
        var bytes = (await service.KvAsync("get", _prefix + "bytes", "-o", "json")).Done().Lines[0];
        var metadata = (await service.KvAsync("get", _prefix + "bytes", "--meta")).Done().Lines[0];

        Assert.Equal(2, json.GetProperty("json").GetProperty("a").GetArrayLength());
        Assert.Equal("{\n}", lines.GetProperty("text").GetString());
        Assert.Equal("/w==", bytes.GetProperty("base64").GetString());
        Assert.Equal(1, metadata.GetProperty("size").GetInt64());
        Assert.False(metadata.TryGetProperty("base64", out _));
    }

    [Fact]
    public async Task Get_OldRevision_IsTheValueThen()
    {
        var first = await service.Client.PutAsync(_prefix + "old", "one", cancellationToken: Cancellation);
        await service.Client.PutAsync(_prefix + "old", "two", cancellationToken: Cancellation);

        Assert.Equal("one", (await service.KvAsync("get", _prefix + "old", "--revision", first.Revision.Number.ToString(CultureInfo.InvariantCulture))).Done().Out);
    }

    [Fact]
    public async Task Delete_KeyAndPrefix_SaysWhatIsGone()
    {
        await PutAsync("a", "b", "c");

        var one = (await service.KvAsync("delete", _prefix + "a")).Done();
        var absent = await service.KvAsync("rm", _prefix + "a");
        var all = (await service.KvAsync("delete", "--prefix", _prefix, "--yes")).Done();

        Assert.Equal(_prefix + "a", one.Lines[0].GetProperty("key").GetString());
        Assert.Equal((1, $"kv: {_prefix}a has no entry.\n"), (absent.Code, absent.Error));
        Assert.Equal(2, all.Lines[0].GetProperty("deleted").GetInt64());
    }

    [Fact]
    public async Task List_MoreThanAPage_HasAllInOrder()
    {
        var lines = string.Concat(Enumerable.Range(0, 2500).Select(number => $"{{\"key\":\"{_prefix}{number:d4}\",\"text\":\"{number}\"}}\n"));
        (await service.KvAsync(Encoding.UTF8.GetBytes(lines), "import")).Done();

        var keys = (await service.KvAsync("list", _prefix, "--keys")).Done().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var some = (await service.KvAsync("ls", _prefix, "--limit", "3", "--values")).Done().Lines;
        var count = (await service.KvAsync("list", _prefix, "--count")).Done();

        Assert.Equal(Enumerable.Range(0, 2500).Select(number => $"{_prefix}{number:d4}"), keys);
        Assert.Equal(["0", "1", "2"], some.Select(item => item.GetProperty("text").GetString()));
        Assert.Equal("2500\n", count.Out);
    }

    [Fact]
    public async Task List_Tree_HasALineForEachPart()
    {
        await PutAsync("a/b/c", "a/b/d", "a/e", "f");

        var tree = (await service.KvAsync("list", _prefix, "--tree", "--color", "never")).Done().Out;
        var top = (await service.KvAsync("list", _prefix, "--tree", "--depth", "1")).Done().Out;

        Assert.Equal([$"{_prefix}", "  a/", "    b/", "      c  1 B, revision R", "      d  1 B, revision R", "    e  1 B, revision R", "  f  1 B, revision R"], WithoutRevisions(tree));
        Assert.Equal([$"{_prefix}a/  3 entries", $"{_prefix}f  1 B, revision R"], WithoutRevisions(top));
    }

    [Fact]
    public async Task Transaction_FileAndInput_CommitTogetherOrNotAtAll()
    {
        var file = Path.Combine(Scratch.New(), "transfer.json");
        await File.WriteAllTextAsync(file, $$$"""{"guards": [{"key": "{{{_prefix}}}a", "exists": false}], "operations": [{"put": {"key": "{{{_prefix}}}a", "json": {"x": 1.50} } }, {"get": {"key": "{{{_prefix}}}a"}}]}""", Cancellation);

        var first = (await service.KvAsync("txn", file)).Done();
        var second = await service.KvAsync(await File.ReadAllBytesAsync(file, Cancellation), "txn", "-");

        Assert.Equal(JsonValueKind.Null, first.Lines[0].GetProperty("reads")[0].ValueKind);
        Assert.Equal("""{"x": 1.50}""", (await EntryAsync("a"))?.Text);
        Assert.Equal((1, $"kv: Nothing was changed, because guards failed: {_prefix}a is at revision {first.Lines[0].GetProperty("revision").GetInt64()}.\n"), (second.Code, second.Error));
    }

    [Fact]
    public async Task Cas_ByValueAndByRevision_ReplacesWhatIsExpected()
    {
        await service.Client.PutAsync(_prefix + "x", "1"u8.ToArray(), "application/json", cancellationToken: Cancellation);

        var revision = (await service.KvAsync("cas", _prefix + "x", "1", "2")).Done().Lines[0].GetProperty("revision").GetInt64();
        var other = await service.KvAsync("cas", _prefix + "x", "1", "3");
        (await service.KvAsync("cas", _prefix + "x", "4", "--if-match", revision.ToString(CultureInfo.InvariantCulture))).Done();

        Assert.Equal((1, $"kv: {_prefix}x was not changed: it has another value, of revision {revision}.\n"), (other.Code, other.Error));
        Assert.Equal(("4", "application/json"), (await EntryAsync("x")) is { } entry ? (entry.Text, entry.ContentType) : default);
    }

    [Fact]
    public async Task Counter_AddAndGet_PrintsTheNumber()
    {
        Assert.Equal("0\n", (await service.KvAsync("counter", "get", _prefix + "n")).Done().Out);
        Assert.Equal("1\n", (await service.KvAsync("counter", "add", _prefix + "n")).Done().Out);
        Assert.Equal("-4\n", (await service.KvAsync("counter", "add", _prefix + "n", "-5")).Done().Out);
        Assert.Equal(-4, (await service.KvAsync("counter", "get", _prefix + "n", "--json")).Done().Lines[0].GetProperty("value").GetInt64());
    }

    [Fact]
    public async Task ExportAndImport_FileAndPipe_StoreTheSame()
    {
        await PutAsync("a", "b");
        var file = Path.Combine(Scratch.New(), "export.ndjson");

        var report = (await service.KvAsync("export", file, "--prefix", _prefix)).Done().Lines[0];
        var piped = (await service.KvAsync("export", "--prefix", _prefix)).Done();
        var copied = (await service.KvAsync(piped.Bytes, "import", "--prefix", "copy/")).Done().Lines[0];

        Assert.Equal(2, report.GetProperty("entries").GetInt64());
        Assert.Equal(piped.Bytes, await File.ReadAllBytesAsync(file, Cancellation));
        Assert.Equal((2, "ndjson"), (copied.GetProperty("imported").GetInt64(), copied.GetProperty("format").GetString()));
        Assert.Equal("1", (await service.Client.GetAsync($"copy/{_prefix}a", cancellationToken: Cancellation))?.Text);
        Assert.False(File.Exists(file + ".partial"));
    }

    [Fact]
    public async Task Watch_Changes_AreLinesWithPositions()
    {
        await PutAsync("a");
        using var watch = new Kv { Url = service.Address }.Start([.. Kv.Program, "watch", _prefix, "--initial", "--count", "2"]);
        var lines = watch.StandardOutput;
        Assert.Equal("reset entry synced", $"{await TypeAsync()} {await TypeAsync()} {await TypeAsync()}");

        await PutAsync("b");
        await service.Client.DeleteAsync(_prefix + "b", cancellationToken: Cancellation);
        var put = JsonDocument.Parse((await lines.ReadLineAsync(Cancellation).AsTask().Within())!).RootElement;
        var delete = JsonDocument.Parse((await lines.ReadLineAsync(Cancellation).AsTask().Within())!).RootElement;

        Assert.Equal(("put", _prefix + "b", "1"), (put.GetProperty("type").GetString(), put.GetProperty("key").GetString(), put.GetProperty("text").GetString()));
        Assert.Equal("delete", delete.GetProperty("type").GetString());
        await watch.WaitForExitAsync(Cancellation).Within();
        Assert.Equal(0, watch.ExitCode);

        // The position of an event is where another command resumes.
        var resumed = (await service.KvAsync("watch", _prefix, "--after", put.GetProperty("position").GetString()!, "--count", "1")).Done().Lines;
        Assert.Equal("delete", Assert.Single(resumed).GetProperty("type").GetString());

        async Task<string?> TypeAsync() => JsonDocument.Parse((await lines.ReadLineAsync(Cancellation).AsTask().Within())!).RootElement.GetProperty("type").GetString();
    }

    [Fact]
    public async Task Bench_ShortLoad_PrintsPercentilesAndLeavesNothing()
    {
        foreach (var (kind, reads) in new[] { ("read", "100"), ("write", "0") })
        {
            var run = (await service.KvAsync("bench", "--duration", "200ms", "--connections", "2", "--keys", "10", "--reads", reads)).Done().Lines[0];
            Assert.Equal(0, run.GetProperty("failed").GetInt64());
            var row = run.GetProperty(kind);
            Assert.True(row.GetProperty("calls").GetInt64() > 0);
            Assert.InRange(row.GetProperty("p50_us").GetDouble(), 1, row.GetProperty("p99_us").GetDouble());
            Assert.InRange(row.GetProperty("p99_us").GetDouble(), 1, row.GetProperty("max_us").GetDouble());
            Assert.Equal(0, await service.Client.CountAsync(run.GetProperty("prefix").GetString()!, cancellationToken: Cancellation));
        }
    }

    [Fact]
    public async Task StatusAndCluster_OfTheService_AreItsDocuments()
    {
        Assert.Equal("memory", (await service.KvAsync("status")).Done().Lines[0].GetProperty("engine").GetString());
        Assert.Equal("ready", (await service.KvAsync("cluster")).Done().Lines[0].GetProperty("replicas")[0].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Version_OfTheProgram_IsThatOfTheRepository() => Assert.Matches(@"^kv \d+\.\d+\.\d+\n$", (await service.KvAsync("version")).Done().Out);

    [Fact]
    public void NativeProgram_Size_IsBounded()
    {
        Assert.SkipUnless(Kv.Program is [_], "This is about the native program, which KVSTORE_CLI names.");
        Assert.InRange(new FileInfo(Kv.Program[0]).Length, 1, 20_000_000);
    }

    private static string[] WithoutRevisions(string text) =>
        System.Text.RegularExpressions.Regex.Replace(text, "revision [0-9]+", "revision R").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task PutAsync(params string[] names)
    {
        foreach (var name in names)
            await service.Client.PutAsync(_prefix + name, "1", cancellationToken: Cancellation);
    }

    private Task<KvEntry?> EntryAsync(string name) => service.Client.GetAsync(_prefix + name, cancellationToken: Cancellation);
}
