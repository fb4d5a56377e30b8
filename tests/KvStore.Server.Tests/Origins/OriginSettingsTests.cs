using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace KvStore.Server.Tests;

public sealed partial class OriginSettingsTests
{
    private const string A = "KvStore:Origins:a:";

    private static readonly (string, string)[] Good = [(A + "Prefix", "rates/"), (A + "Http:Url", "https://example.com/{key}")];

    [Fact]
    public void Read_Everything_IsRead()
    {
        var configuration = Configuration([.. Good, (A + "Http:Headers:Authorization", "secret"), (A + "Http:Batch:Url", "https://example.com/?ids={keys}"), (A + "Http:Batch:Items", "/items"), (A + "Http:Store:Method", "post"), (A + "Http:Delete:Url", "https://example.com/drop/{key}"),
            (A + "Workers:Max", "5"), (A + "Tokens:PerSecond", "0.5"), (A + "FreshFor", "1h"), (A + "Writes", "BEHIND"), (A + "Outbox:AttemptsMax", "3"), (A + "Journal:Directory", "journal"), (A + "Journal:RedactHeaders:0", "X-A")]);
        var origin = Assert.Single(KvStoreSettings.ReadOrigins(configuration, KvStoreSettings.Read(configuration)));
        Assert.Equal(("a", "rates/", "https://example.com/{key}", "secret"), (origin.Name, origin.Prefix, origin.Http!.Url, origin.Http.Headers["Authorization"]));
        Assert.Equal(("POST", null, "DELETE", "https://example.com/drop/{key}"), (origin.Http.Store.Method, origin.Http.Store.Url, origin.Http.Delete.Method, origin.Http.Delete.Url));
        Assert.Equal(("/items", "/key", 5, 0.5, TimeSpan.FromHours(1)), (origin.Http.Batch!.Items, origin.Http.Batch.ItemKey, origin.Workers.Max, origin.Tokens.PerSecond, origin.FreshFor));
        Assert.Equal((KvStore.Origins.OriginWrites.Behind, 3, "journal", "X-A"), (origin.Writes, origin.Outbox.AttemptsMax, origin.Journal!.Directory, Assert.Single(origin.Journal.RedactHeaders)));
    }

    [Theory]
    [InlineData("Prefix", "", "KvStore:Origins:a:Prefix must be what keys start with, such as rates/acme/. Given: nothing.")]
    [InlineData("Http:Url", "ftp://example.com/{key}", "KvStore:Origins:a:Http:Url must be an address of http or https with {key} or {fullkey} in its path or query")]
    [InlineData("Http:Url", "https://example.com/", "KvStore:Origins:a:Http:Url must be")]
    [InlineData("Http:Url", "https://{key}.example.com/", "KvStore:Origins:a:Http:Url must be")]
    [InlineData("Http:Batch:KeysMax", "5", "KvStore:Origins:a:Http:Batch:Url must be an address of http or https with {keys}")]
    [InlineData("Http:Store:Method", "GET", "KvStore:Origins:a:Http:Store:Method must be one of PUT, POST, PATCH. Given: GET.")]
    [InlineData("Http:Delete:Url", "https://example.com/", "KvStore:Origins:a:Http:Delete:Url must be an address of http or https with {key} or {fullkey} in its path or query")]
    [InlineData("Workers:Min", "33", "KvStore:Origins:a:Workers:Min must be at most Max, which is 32. Given: 33.")]
    [InlineData("Tokens:PerSecond", "-1", "KvStore:Origins:a:Tokens:PerSecond must be a number from 0 to 1000000. Given: -1.")]
    [InlineData("FreshFor", "31d", "KvStore:Origins:a:FreshFor must be a duration from 0s to 30d")]
    [InlineData("Writes", "through", "KvStore:Origins:a:Writes must be one of refuse, local, behind; this version does not have through yet. Given: through.")]
    [InlineData("Journal:BytesMax", "2MiB", "KvStore:Origins:a:Journal:Directory must be a directory. Given: nothing.")]
    [InlineData("FreshFro", "1h", "KvStore:Origins:a:FreshFro is not a setting. Is KvStore:Origins:a:FreshFor meant?")]
    [InlineData("Workers:Minimum", "1", "KvStore:Origins:a:Workers:Minimum is not a setting.")]
    public void Read_InvalidSetting_SaysWhatItMustBe(string name, string value, string said) => Assert.Contains(
        Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration([.. Good, (A + name, value)]))).Problems, problem => problem.StartsWith(said, StringComparison.Ordinal));

    [Theory]
    [InlineData("b", "rates/b/")]
    [InlineData("b", "rates")]
    public void Read_OverlappingPrefixes_AreRejected(string name, string prefix) => Assert.Contains(
        Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration([.. Good, ($"KvStore:Origins:{name}:Prefix", prefix), ($"KvStore:Origins:{name}:Http:Url", "https://example.com/{key}")]))).Problems,
        problem => problem.Contains("neither starts with that of a", StringComparison.Ordinal));

    [Fact]
    public void Read_BadName_IsRejected() => Assert.Contains(
        Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration(("KvStore:Origins:a/b:Prefix", "x")))).Problems,
        problem => problem.Contains("a name of at most 64 letters", StringComparison.Ordinal));

    // All at once, as with other settings.
    [Fact]
    public void Read_SeveralProblems_NamesAll() => Assert.Equal(3, Assert.Throws<InvalidSettingsException>(
        () => KvStoreSettings.Read(Configuration((A + "Prefix", "x"), (A + "FreshFor", "no"), (A + "Colour", "blue")))).Problems.Count);

    [Fact]
    public void Document_EverySetting_IsThereWithItsDefault()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs/origins.md"));
        var documented = Row().Matches(document).Select(row => (row.Groups["name"].Value, row.Groups["default"].Value.Trim())).Where(row => row.Item1 != "Http:Headers:NAME").Order();
        Assert.Equal(OriginSettings.Describe().Select(setting => (setting.Name, setting.Default)).Order(), documented);
        Assert.Equal(OriginSettings.Describe().Select(setting => setting.Name).Order(), SettingGroups.OfOrigins.Keys.Order());
    }

    [Fact]
    public void Help_EverySetting_IsThere() => Assert.All(OriginSettings.Describe(), setting => Assert.Contains($"\n  {setting.Name} ", Usage.Text(), StringComparison.Ordinal));

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Reverse().DistinctBy(setting => setting.Name).Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();

    [GeneratedRegex(@"^\| `(?<name>[A-Z][\w:]+)` \| (?<default>[^|]*)\| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
