using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace KvStore.Server.Tests;

public sealed partial class OriginSettingsTests
{
    private const string A = "KvStore:Origins:a:";

    private static readonly (string, string)[] Good = [(A + "Prefix", "rates/"), (A + "Http:Url", "https://example.com/{key}")];

    private static readonly (string, string)[] GoodDatabase =
        [(A + "Prefix", "rates/"), (A + "Sql:ConnectionString", "Host=db;Username=u;Password=secret"), (A + "Sql:Load", "select v as value from t where k = @key")];

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
    [InlineData("Writes", "back", "KvStore:Origins:a:Writes must be one of refuse, local, through, behind. Given: back.")]
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

    [Theory]
    [InlineData("Sql:Provider", "oracle", "KvStore:Origins:a:Sql:Provider must be one of postgresql, sqlite, mysql. Given: oracle.")]
    [InlineData("Sql:ConnectionString", "Host=db;Passwrd=secret", "KvStore:Origins:a:Sql:ConnectionString must be a connection string of the provider, such as Host=db;Username=kvstore;Database=shop for postgresql, Server=db;User ID=kvstore;Database=shop for mysql, or Data Source=/data/shop.db for sqlite. Given: what is not shown, because it can have a password.")]
    [InlineData("Sql:ConnectionStringFile", "/nowhere", "KvStore:Origins:a:Sql:ConnectionStringFile must be a file that can be read. Given: /nowhere.")]
    [InlineData("Sql:Load", "select 1", "KvStore:Origins:a:Sql:Load must be a query with one parameter, which is @key, @fullkey, @keys or @fullkeys. Given: select 1.")]
    [InlineData("Sql:Store", "select @key", "KvStore:Origins:a:Sql:Store must be a statement with @key or @fullkey, with @value or @text, and with no other parameters than these, @content_type and @revision. Given: select @key.")]
    [InlineData("Sql:Delete", "delete from t", "KvStore:Origins:a:Sql:Delete must be a statement with @key or @fullkey, and with no other parameter than these and @revision. Given: delete from t.")]
    [InlineData("Sql:Colour", "blue", "KvStore:Origins:a:Sql:Colour is not a setting. See --help.")]
    [InlineData("Http:Url", "https://example.com/{key}", "KvStore:Origins:a:Sql must be left out, because there is Http: an origin is a service or a database. Given: both.")]
    public void Read_InvalidDatabase_SaysWhatItMustBeWithoutSecrets(string name, string value, string said)
    {
        var problems = Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(Configuration([.. GoodDatabase, (A + name, value)]))).Problems;
        Assert.Contains(said, problems);
        Assert.DoesNotContain(problems, problem => problem.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mysql", "Server=db;User ID=u;Database=d", null)]
    [InlineData("mysql", "Host=db;Nothing=1", "ConnectionString")]
    [InlineData("sqlite", "Data Source=/data/a.db", null)]
    [InlineData("sqlite", "Mode=ReadOnly", "ConnectionString")]
    [InlineData("mysql", "Server=db", "NotifyChannel")]
    public void Read_OtherProviders_AreChecked(string provider, string connection, string? wrong)
    {
        (string, string)[] settings = [.. GoodDatabase, (A + "Sql:Provider", provider), (A + "Sql:ConnectionString", connection), (A + "Sql:NotifyChannel", wrong == "NotifyChannel" ? "rates" : "none")];
        var exception = Record.Exception(() => KvStoreSettings.Read(Configuration(settings)));
        Assert.Equal(wrong, exception is InvalidSettingsException { Problems: var problems } ? Assert.Single(problems).Split(' ')[0].Split(':')[^1] : null);
    }

    [Fact]
    public void Read_ConnectionStringInAFile_IsRead()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.New();
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "Host=db;Password=secret\n");
        var configuration = Configuration([.. GoodDatabase, (A + "Sql:ConnectionString", null!), (A + "Sql:ConnectionStringFile", file), (A + "Sql:KeysMax", "7")]);
        var origin = Assert.Single(KvStoreSettings.ReadOrigins(configuration, KvStoreSettings.Read(configuration)));
        Assert.Equal(("Host=db;Password=secret", 7, null, KvStore.Origins.SqlProvider.PostgreSql), (origin.Sql!.ConnectionString, origin.Sql.KeysMax, origin.Http, origin.Sql.Provider));
    }

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
