using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace KvStore.Server.Tests;

public sealed partial class RegionSettingsTests
{
    private const string A = "KvStore:Regions:a:";

    private static readonly (string, string)[] Good = [(A + "Address", "https://west.example.com/kv"), (A + "Prefixes:0", "shared/")];

    [Fact]
    public void Read_Everything_IsRead()
    {
        var configuration = Configuration([.. Good, (A + "Key", "kv_secret"), (A + "Prefixes:1", "notes/"), (A + "ExchangesMax", "3"), (A + "KeysMax", "5"), (A + "CallTimeout", "2s"), (A + "BackoffMax", "1m")]);
        var region = Assert.Single(KvStoreSettings.ReadRegions(configuration, KvStoreSettings.Read(configuration)));
        Assert.Equal(("a", "https://west.example.com/kv/", "kv_secret"), (region.Name, region.Address.AbsoluteUri, region.Key));
        Assert.Equal(["shared/", "notes/"], region.Prefixes);
        Assert.Equal((3, 5, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)), (region.ExchangesMax, region.KeysMax, region.CallTimeout, region.BackoffMax));
    }

    [Fact]
    public void Read_EmptyPrefix_IsEveryKey()
    {
        var configuration = Configuration((A + "Address", "http://west"), (A + "Prefixes:0", ""));
        Assert.Equal([""], Assert.Single(KvStoreSettings.ReadRegions(configuration, KvStoreSettings.Read(configuration))).Prefixes);
    }

    [Theory]
    [InlineData("Address", "west.example.com", "KvStore:Regions:a:Address must be an address of http or https, such as https://west.example.com. Given: west.example.com.")]
    [InlineData("Address", "https://me:secret@west.example.com", "KvStore:Regions:a:Address must be an address of http or https, such as https://west.example.com. Given: what is not shown, because it can have a password.")]
    [InlineData("Address", "https://west.example.com/?a=1", "KvStore:Regions:a:Address must be")]
    [InlineData("Key", "a secret", "KvStore:Regions:a:Key must be a key of the region, or none. Given: what is not shown, because it is secret.")]
    [InlineData("KeyFile", "/nowhere", "KvStore:Regions:a:KeyFile must be a file that can be read. Given: /nowhere.")]
    [InlineData("Prefixes:1", "shared/a/", "KvStore:Regions:a:Prefixes must be prefixes of which none is the start of another. Given: shared/a/.")]
    [InlineData("Prefixes:1", "a\u0001", "KvStore:Regions:a:Prefixes must be what keys start with")]
    [InlineData("ExchangesMax", "0", "KvStore:Regions:a:ExchangesMax must be a whole number from 1 to 256. Given: 0.")]
    [InlineData("Prefix", "x", "KvStore:Regions:a:Prefix is not a setting. Is KvStore:Regions:a:Prefixes meant?")]
    public void Read_InvalidSetting_SaysWhatItMustBeWithoutSecrets(string name, string value, string said)
    {
        var problems = Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration([.. Good, (A + name, value)]))).Problems;
        Assert.Contains(problems, problem => problem.StartsWith(said, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("secret", StringComparison.Ordinal) && !problem.Contains("is secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_WithoutPrefixes_IsRejected() => Assert.Contains(
        "KvStore:Regions:a:Prefixes must be what keys start with, such as shared/, or an empty text for every key. Given: nothing.",
        Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration(Good[0]))).Problems);

    [Fact]
    public void Read_OneAddressTwice_IsRejected() => Assert.Contains(
        "KvStore:Regions:b:Address must be another address than that of a. Given: https://west.example.com/kv/.",
        Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration([.. Good, ("KvStore:Regions:b:Address", "https://west.example.com/kv/"), ("KvStore:Regions:b:Prefixes:0", "x/")]))).Problems);

    [Fact]
    public void Read_BadName_IsRejected() => Assert.Contains(
        Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration(("KvStore:Regions:a/b:Address", "http://x")))).Problems,
        problem => problem.Contains("a name of at most 64 letters", StringComparison.Ordinal));

    [Fact]
    public void Read_KeyInAFile_IsRead()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.New();
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "kv_secret\n");
        var configuration = Configuration([.. Good, (A + "KeyFile", file)]);
        Assert.Equal("kv_secret", Assert.Single(KvStoreSettings.ReadRegions(configuration, KvStoreSettings.Read(configuration))).Key);
    }

    [Fact]
    public void Document_EverySetting_IsThereWithItsDefault()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs/regions.md"));
        var documented = Row().Matches(document).Select(row => (row.Groups["name"].Value, row.Groups["default"].Value.Trim())).Order();
        Assert.Equal(RegionSettings.Describe().Select(setting => (setting.Name, setting.Default)).Order(), documented);
        Assert.Equal(RegionSettings.Describe().Select(setting => setting.Name).Order(), SettingGroups.OfRegions.Keys.Order());
    }

    [Fact]
    public void Help_EverySetting_IsThere() => Assert.All(RegionSettings.Describe(), setting => Assert.Contains($"\n  {setting.Name} ", Usage.Text(), StringComparison.Ordinal));

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Reverse().DistinctBy(setting => setting.Name).Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();

    [GeneratedRegex(@"^\| `(?<name>[A-Z][\w:]+)` \| (?<default>[^|]*)\| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
