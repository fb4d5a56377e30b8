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
    public void Prepare_FirstStart_MakesKeyAndShowsIt()
    {
        var (configuration, shown) = Prepare(("KvStore:FirstKey", "true"));
        Assert.Equal(File, configuration["KvStore:Keys"]);
        var token = Assert.Single(shown.Split('\n'), line => line.StartsWith("kv_", StringComparison.Ordinal)).Trim();
        Assert.DoesNotContain(token, System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        var problems = new List<string>();
        var keys = new KeySet(KeyFile.Read(File, problems), before: null);
        Assert.Empty(problems);
        Assert.Equal(Principal.Anyone.Rights, keys.Verify(token)!.Rights);
        Assert.Empty(keys.Verify(token)!.Prefixes);
        Assert.Equal([File], Directory.GetFiles(Data));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void Prepare_LaterStart_UsesFileAndShowsNothing()
    {
        Prepare(("KvStore:FirstKey", "true"));
        var text = System.IO.File.ReadAllText(File);
        var (configuration, shown) = Prepare(("KvStore:FirstKey", "True"));
        Assert.Equal((File, "", text), (configuration["KvStore:Keys"], shown, System.IO.File.ReadAllText(File)));
    }

    [Theory]
    [InlineData("false", null)]
    [InlineData(null, null)]
    [InlineData("true", "other.json")]
    public void Prepare_NotAskedOrKeysGiven_DoesNothing(string? asked, string? keys)
    {
        var (configuration, shown) = Prepare(("KvStore:FirstKey", asked), ("KvStore:Keys", keys));
        Assert.Equal((keys, "", false), (configuration["KvStore:Keys"], shown, Path.Exists(Data)));
    }

    private (IConfiguration Configuration, string Shown) Prepare(params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Append(("KvStore:Data", Data)).Select(each => KeyValuePair.Create(each.Item1, each.Item2))).Build();
        var output = new StringWriter();
        FirstKey.Prepare(configuration, output);
        return (configuration, output.ToString());
    }
}
