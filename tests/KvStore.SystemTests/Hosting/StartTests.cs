
namespace KvStore.SystemTests;

/// <summary>How the service refuses to start: at once, with a reason that a person can act on, and with a code of its own.</summary>
[Trait("Program", "both")]
public sealed class StartTests
{
    private const int BadSettings = 2;

    [Fact]
    public async Task Start_AddressInUse_Fails()
    {
        await using var first = await ServerProcess.StartAsync();
        var address = first.Address.GetLeftPart(UriPartial.Authority);
        await using var second = ServerProcess.Launch(["--urls", address]);

        var code = await second.WaitForExitAsync(ServerProcess.StartTimeout);

        Assert.NotEqual(0, code);
        Assert.Contains(address, second.Transcript, StringComparison.Ordinal);
        Assert.Contains("in use", second.Transcript, StringComparison.Ordinal);
        AssertNoStackTrace(second);
        Assert.True(await first.IsReadyAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_HeapLimit_IsWhatMemoryIsDividedFrom()
    {
        await using var server = await ServerProcess.StartAsync(("DOTNET_GCHeapHardLimit", "18000000"));
        using var connection = await RawConnection.ConnectAsync(server.Address);
        var status = (await connection.ExchangeAsync("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")).Expect(200).Json;
        Assert.Equal(256 << 20, status.GetProperty("memory").GetProperty("bytes_max").GetInt64());
    }

    [Fact]
    public async Task Start_SeveralInvalidSettings_NamesAll()
    {
        await using var server = ServerProcess.Launch(
            ["--urls", "nonsense"], ("QueueOperationsMax", "-1"), ("ValueBytesMax", "many"), ("Engine", "paper"));

        var code = await server.WaitForExitAsync(ServerProcess.StartTimeout);

        Assert.Equal(BadSettings, code);
        Assert.All(["KvStore:QueueOperationsMax", "KvStore:ValueBytesMax", "KvStore:Engine", "urls"],
            name => Assert.Contains(name, server.Transcript, StringComparison.Ordinal));
        AssertNoStackTrace(server);
    }

    [Theory]
    [InlineData("--engin", "memory")]
    [InlineData("engine", "memory")]
    [InlineData("--KvStore:QueueOperationMax", "5")]
    public async Task Start_UnknownSwitch_NamesIt(string name, string value)
    {
        await using var server = ServerProcess.Launch([name, value]);

        var code = await server.WaitForExitAsync(ServerProcess.StartTimeout);

        Assert.Equal(BadSettings, code);
        Assert.Contains(name.TrimStart('-'), server.Transcript, StringComparison.Ordinal);
        AssertNoStackTrace(server);
    }

    [Theory]
    [InlineData("KVSTORE_DATA", "/tmp", "Is KvStore__Data meant?")]
    [InlineData("KvStore_Engine", "memory", "Is KvStore__Engine meant?")]
    public async Task Start_FlatEnvironmentName_IsRefusedWithRightName(string name, string value, string hint)
    {
        await using var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0"], new[] { (name, value) }.AsEnumerable());
        Assert.Equal(BadSettings, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        Assert.Contains($"{name} is not a setting. {hint}", server.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AddressOfAnotherMachine_IsNamed()
    {
        // Reserved for documents (RFC 5737), so no machine has it.
        await using var server = ServerProcess.Launch(["--urls", "http://192.0.2.1:8080"], ("AllowAnonymous", "true"));
        Assert.Equal(1, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        Assert.Contains("cannot listen on http://192.0.2.1:8080: this machine does not have that address.", server.Error.ToString(), StringComparison.Ordinal);
    }

    // A start on gigabytes takes long, and changes the directory: it takes the lock and cuts torn tails.
    [Fact]
    public async Task Start_AddressInUse_LeavesDataAlone()
    {
        await using var first = await ServerProcess.StartAsync();
        await using var second = ServerProcess.Launch(["--urls", first.Address.GetLeftPart(UriPartial.Authority), "--data", "untouched"]);
        Assert.Equal(1, await second.WaitForExitAsync(ServerProcess.StartTimeout));
        Assert.False(Path.Exists(Path.Combine(second.WorkingDirectory, "untouched")), second.Transcript);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("file/below")]
    public async Task Start_DataIsFile_SaysSo(string data)
    {
        var directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;
        var file = Path.Combine(directory, "file");
        try
        {
            await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
            await using var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--data", Path.Combine(directory, data)]);
            Assert.Equal(4, await server.WaitForExitAsync(ServerProcess.StartTimeout));
            Assert.Contains($"KvStore cannot start: {file} is a file", server.Error.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Start_Line_SaysWhereToLook()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        var address = server.Address.GetLeftPart(UriPartial.Authority);
        Assert.Contains($"Swagger UI at {address}/swagger, documents at {address}/docs,", server.Output.ToString(), StringComparison.Ordinal);
    }

    // The terminal is that of script (util-linux), where both outputs are one.
    [Fact]
    public async Task Start_RefusedOnTerminal_EndsWithReasonOnce()
    {
        var start = new System.Diagnostics.ProcessStartInfo("script", ["-qec", $"{string.Join(' ', Repository.Server)} --urls http://127.0.0.1:0 --data /dev/null", "/dev/null"]) { RedirectStandardInput = true };
        var (_, output, _) = await ProgramRun.RunAsync(start, ServerProcess.StartTimeout);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.StartsWith("KvStore cannot start: /dev/null is a file", lines[^1], StringComparison.Ordinal);
        Assert.Single(lines, line => line.Contains("is a file", StringComparison.Ordinal));
    }

    private static void AssertNoStackTrace(ServerProcess server) =>
        Assert.DoesNotContain("   at ", server.Transcript, StringComparison.Ordinal);
}
