using Microsoft.Extensions.Configuration;

namespace KvStore.Server.Tests;

public sealed class FirstKeyTests : IDisposable
{
    private readonly TemporaryDirectory _directories = new();

    public FirstKeyTests() => Data = _directories.New();

    private string Data { get; }

    private string File => Path.Combine(Data, "keys.json");

    public void Dispose() => _directories.Dispose();

    [Fact]
    public async Task Prepare_FirstStart_MakesKeyAndShowsIt()
    {
        var (configuration, shown) = await PrepareAsync(("KvStore:FirstKey", "true"));
        Assert.Equal(File, configuration["KvStore:Keys"]);
        var token = Assert.Single(shown.Split('\n'), line => line.StartsWith("kv_", StringComparison.Ordinal)).Trim();
        Assert.DoesNotContain(token, await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var problems = new List<string>();
        var keys = new KeySet(KeyFile.Read(File, problems), before: null);
        Assert.Empty(problems);
        Assert.Equal(Principal.Anyone.Rights, keys.Verify(token)!.Rights);
        Assert.Empty(keys.Verify(token)!.Prefixes);
        Assert.Equal([File, File + ".lock"], Directory.GetFiles(Data).Order());
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public async Task Prepare_DirectoryInPlaceOfFile_IsLeftToTheReaderOfTheFile()
    {
        Directory.CreateDirectory(File);
        Assert.Equal("", (await PrepareAsync(("KvStore:FirstKey", "true"))).Shown);
        var problems = new List<string>();
        KeyFile.Read(File, problems);
        Assert.Equal([$"The key file {File} is a directory. Name a file in it."], problems);
    }

    [Fact]
    public async Task Prepare_LaterStart_UsesFileAndShowsNothing()
    {
        await PrepareAsync(("KvStore:FirstKey", "true"));
        var text = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        var (configuration, shown) = await PrepareAsync(("KvStore:FirstKey", "True"));
        Assert.Equal((File, "", text), (configuration["KvStore:Keys"], shown, await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Prepare_ManyFirstStarts_OneKeyIsShown()
    {
        var starts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => PrepareAsync(("KvStore:FirstKey", "true")))));
        Assert.Single(starts, start => start.Shown.Contains("\nkv_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("false", null)]
    [InlineData(null, null)]
    [InlineData("true", "other.json")]
    public async Task Prepare_NotAskedOrKeysGiven_DoesNothing(string? asked, string? keys)
    {
        var (configuration, shown) = await PrepareAsync(("KvStore:FirstKey", asked), ("KvStore:Keys", keys));
        Assert.Equal((keys, "", false), (configuration["KvStore:Keys"], shown, Path.Exists(Data)));
    }

    private async Task<(IConfiguration Configuration, string Shown)> PrepareAsync(params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Append(("KvStore:Data", Data)).Select(each => KeyValuePair.Create(each.Item1, each.Item2))).Build();
        var output = new StringWriter();
        await FirstKey.PrepareAsync(configuration, output);
        return (configuration, output.ToString());
    }
}
