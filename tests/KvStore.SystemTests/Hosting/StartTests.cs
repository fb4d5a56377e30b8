
namespace KvStore.SystemTests;

/// <summary>How the service refuses to start: at once, with a reason that a person can act on, and with a code of its own.</summary>
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

    private static void AssertNoStackTrace(ServerProcess server) =>
        Assert.DoesNotContain("   at ", server.Transcript, StringComparison.Ordinal);
}
