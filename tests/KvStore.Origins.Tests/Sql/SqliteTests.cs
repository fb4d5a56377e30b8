using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace KvStore.Origins.Tests;

public sealed class SqliteTests : SqlContract, IDisposable
{
    private const string Conflict = "on conflict (id) do update set body = excluded.body, image = excluded.image, content_type = excluded.content_type, version = excluded.version where version <= excluded.version";

    private readonly string _directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    internal override OriginSqlOptions Options => new()
    {
        Provider = SqlProvider.Sqlite,
        ConnectionString = $"Data Source={File}",
        Load = "select id as key, body as value, content_type from rates where id in (select value from json_each(@keys))",
        Store = $"insert into rates (id, body, content_type, version) values (@key, @text, @content_type, @revision) {Conflict}",
        Delete = $"insert into rates (id, version) values (@key, @revision) {Conflict}",
    };

    internal override OriginSqlOptions LoadOne => Options with { Load = "select body as value, content_type from rates where id = @key" };

    internal override OriginSqlOptions Bytes => Options with
    {
        Load = "select image as value, content_type from rates where id = @key",
        Store = $"insert into rates (id, image, content_type, version) values (@key, @value, @content_type, @revision) {Conflict}",
    };

    // Its columns have no types: each value has one.
    protected override (string, string?, string)[] Expressions =>
    [
        ("'a'", "a", "text/plain; charset=utf-8"), ("x'00ff'", "\0\uFFFD", ""), ("1", "1", "application/json"), ("1.5", "1.5", "application/json"), ("9223372036854775807", "9223372036854775807", "application/json"),
        ("''", "", "text/plain; charset=utf-8"), ("null", null, nameof(LoadResult.Absent)), ("json('[1]')", "[1]", "text/plain; charset=utf-8"),
    ];

    protected override string? Unreadable => null;

    protected override string Slow => "with recursive t(n) as (select 1 union all select n + 1 from t where n < 100000000000) select count(*) as value from t where @key is not null";

    protected override (string, string) Refused => ("select body as value from missing where id = @key", "The database refused the statement (1): SQLite Error 1: 'no such table: missing'.");

    protected override string Nowhere => "Data Source=/nowhere/secret.db";

    protected override string CreateTable => "create table rates (id text primary key, body text, image blob, content_type text, version bigint not null)";

    private string File => Path.Combine(_directory, "rates.db");

    // It would be an empty database, in which everything is absent.
    [Fact]
    public async Task Load_FileThatIsMissing_IsNotMade()
    {
        var missing = Path.Combine(_directory, "missing.db");
        Assert.IsType<LoadResult.Failed>(Assert.Single(await LoadAsync(Options with { ConnectionString = $"Data Source={missing}" }, "a")));
        Assert.False(System.IO.File.Exists(missing));
    }

    [Fact]
    public async Task Write_LockedByAnother_IsTransient()
    {
        await using var other = Connect();
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = other.CreateCommand();
        command.CommandText = "begin immediate";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var failed = Assert.IsType<WriteResult.Failed>(await WriteAsync(Options, "a", "x", 1));
        Assert.Equal((false, false, "The database failed (5): SQLite Error 5: 'database is locked'."), (failed.MayBeWritten, failed.IsUnreachable, failed.Detail));
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    protected override Task PrepareAsync()
    {
        SqliteLibrary.Load();
        return Task.CompletedTask;
    }

    protected override DbConnection Connect() => new SqliteConnection($"Data Source={File}");
}
