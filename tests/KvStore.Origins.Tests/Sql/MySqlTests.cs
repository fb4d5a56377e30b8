using System.Data.Common;
using MySqlConnector;

namespace KvStore.Origins.Tests;

public sealed class MySqlTests(DatabaseServers servers) : SqlContract
{
    private const string First = "insert ignore into rates (id, version) values (@key, 0)";

    private MariaDbServer _server = null!;

    // A row that is not changed counts as one by ON DUPLICATE KEY UPDATE, so a newer revision would not be seen.
    internal override OriginSqlOptions Options => new()
    {
        Provider = SqlProvider.MySql,
        ConnectionString = _server.ConnectionString,
        Load = "select id as `key`, body as value, content_type from rates where id in (select k from json_table(@keys, '$[*]' columns (k varchar(255) character set utf8mb4 path '$')) t)",
        Store = $"{First}; update rates set body = @text, content_type = @content_type, version = @revision where id = @key and version <= @revision",
        Delete = $"{First}; update rates set body = null, version = @revision where id = @key and version <= @revision",
    };

    internal override OriginSqlOptions LoadOne => Options with { Load = "select id as `key`, body as value, content_type from rates where id = @key" };

    internal override OriginSqlOptions Bytes => Options with
    {
        Load = "select image as value, content_type from rates where id = @key",
        Store = $"{First}; update rates set image = @value, content_type = @content_type, version = @revision where id = @key and version <= @revision",
    };

    protected override (string, string?, string)[] Expressions =>
    [
        ("'a'", "a", "text/plain; charset=utf-8"), ("x'00ff'", "\0\uFFFD", ""), ("1", "1", "application/json"), ("1.50", "1.50", "application/json"), ("0.1e0", "0.1", "application/json"),
        ("18446744073709551615", "18446744073709551615", "application/json"), ("''", "", "text/plain; charset=utf-8"), ("null", null, nameof(LoadResult.Absent)), ("json_array(1)", "[1]", "text/plain; charset=utf-8"),
    ];

    protected override string? Unreadable => "now()";

    protected override string Slow => "select sleep(60) as value from (select @key as slow) t";

    protected override (string, string) Refused => ("select body as value from missing where id = @key", "The database refused the statement (1146): Table 'kvstore.missing' doesn't exist.");

    protected override string Nowhere => "Server=/nowhere;Protocol=unix;User ID=u;Password=secret";

    protected override string CreateTable => "create table rates (id varchar(255) character set utf8mb4 collate utf8mb4_bin primary key, body longtext, image longblob, content_type text, version bigint not null) default charset utf8mb4";

    // The database finds a, and the key is A.
    [Fact]
    public async Task Load_LooserComparison_IsNotAnswered()
    {
        await ExecuteAsync("drop table rates; create table rates (id varchar(255) primary key, body longtext, content_type text, version bigint) default charset utf8mb4 collate utf8mb4_general_ci; insert into rates values ('a', 'x', null, 1)");
        Assert.IsType<LoadResult.Absent>(Assert.Single(await LoadAsync(LoadOne, "A")));
        Assert.IsType<LoadResult.Absent>((await LoadAsync(Options, "A", "b"))[0]);
        Assert.IsType<LoadResult.Found>(Assert.Single(await LoadAsync(LoadOne, "a")));
    }

    // How a text is quoted depends on it.
    [Fact]
    public async Task Load_ServerWithoutBackslashEscapes_TakesKeysAsTheyAre()
    {
        await ExecuteAsync("set global sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'");
        try
        {
            var options = Options with { ConnectionString = _server.ConnectionString + ";Application Name=other" };
            foreach (var key in (string[])["\\", "\\' or 1=1 -- ", "'", "\""])
            {
                Assert.IsType<WriteResult.Written>(await WriteAsync(options, key, key, 1));
                Assert.IsType<LoadResult.Found>(Assert.Single(await LoadAsync(options with { Load = LoadOne.Load }, key)));
            }

            Assert.IsType<LoadResult.Absent>(Assert.Single(await LoadAsync(options with { Load = LoadOne.Load }, "\\' or 1=1 #")));
        }
        finally
        {
            await ExecuteAsync("set global sql_mode = default");
        }
    }

    [Fact]
    public async Task Write_UnknownUser_IsUnreachable()
    {
        var failed = Assert.IsType<WriteResult.Failed>(await WriteAsync(Options with { ConnectionString = _server.ConnectionString.Replace("User ID=root", "User ID=nobody;Password=secret", StringComparison.Ordinal) }, "a", "x", 1));
        Assert.Equal((true, false, "The database does not admit the service (1045)."), (failed.IsUnreachable, failed.MayBeWritten, failed.Detail));
    }

    [Fact]
    public async Task Load_ServerStoppedAndStarted_FailsAndRecovers()
    {
        var source = Open(Options with { Load = "select @key as value" });
        Task<IReadOnlyList<LoadResult>> AskAsync() => source.LoadAsync([new LoadRequest(KeyOf("a"), null)], TestContext.Current.CancellationToken).Within();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync())), results => Assert.IsType<LoadResult.Found>(results[0]));
        await _server.StopAsync();
        Assert.True(Assert.IsType<LoadResult.Failed>((await AskAsync())[0]).IsTransient);
        await _server.RestartAsync();
        Assert.IsType<LoadResult.Found>((await AskAsync())[0]);
    }

    protected override async Task PrepareAsync() => _server = await servers.MariaDbAsync();

    protected override DbConnection Connect() => new MySqlConnection(_server.ConnectionString);

    protected override async Task<bool> IsSlowRunningAsync() => await ExecuteAsync("select count(*) from information_schema.processlist where command = 'Execute' and info like '%as slow) t'") == "1";
}
