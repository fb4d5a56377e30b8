using System.Data.Common;
using Npgsql;

namespace KvStore.Origins.Tests;

public sealed class PostgresTests(DatabaseServers servers) : SqlContract
{
    private const string Conflict = "on conflict (id) do update set body = excluded.body, image = excluded.image, content_type = excluded.content_type, version = excluded.version where rates.version <= excluded.version";

    private PostgresServer _server = null!;

    internal override OriginSqlOptions Options => new()
    {
        Provider = SqlProvider.PostgreSql,
        ConnectionString = _server.ConnectionString,
        Load = "select id as key, body as value, content_type from rates where id = any(@keys)",
        Store = $"insert into rates (id, body, content_type, version) values (@key, @text, @content_type, @revision) {Conflict}",
        Delete = $"insert into rates (id, version) values (@key, @revision) {Conflict}",
    };

    internal override OriginSqlOptions LoadOne => Options with { Load = "select body as value, content_type from rates where id = @key" };

    internal override OriginSqlOptions Bytes => Options with
    {
        Load = "select image as value, content_type from rates where id = @key",
        Store = $"insert into rates (id, image, content_type, version) values (@key, @value, @content_type, @revision) {Conflict}",
    };

    protected override (string, string?, string)[] Expressions =>
    [
        ("'a'::text", "a", "text/plain; charset=utf-8"), ("'a'::varchar(10)", "a", "text/plain; charset=utf-8"), ("'<a/>'::xml", "<a/>", "text/plain; charset=utf-8"),
        ("""'{"a": 1}'::json""", """{"a": 1}""", "application/json"), ("""'{"a": 1}'::jsonb""", """{"a": 1}""", "application/json"), ("""'\x00ff'::bytea""", "\0\uFFFD", ""),
        ("1::smallint", "1", "application/json"), ("-2::int", "-2", "application/json"), ("9223372036854775807", "9223372036854775807", "application/json"), ("1.50::numeric", "1.50", "application/json"),
        ("0.1::float8", "0.1", "application/json"), ("0.5::float4", "0.5", "application/json"), ("true", "true", "application/json"), ("'NaN'::float8", "NaN", "text/plain; charset=utf-8"),
        ("''::text", "", "text/plain; charset=utf-8"), ("null::text", null, nameof(LoadResult.Absent)), ("null::int", null, nameof(LoadResult.Absent)),
        ("1e100::numeric", null, nameof(LoadResult.Failed)), ("now()", null, nameof(LoadResult.Failed)), ("array[1]", null, nameof(LoadResult.Failed)), ("now()::text is not null", "true", "application/json"),
    ];

    protected override string? Unreadable => "now()";

    protected override string Slow => "select pg_sleep(60)::text as value from (select @key as slow) t";

    protected override (string, string) Refused => ("select body as value from rates where 1 = @key", "The database refused the statement (22P02): invalid input syntax for type integer: \"a\".");

    protected override string Nowhere => "Host=/nowhere;Username=u;Password=secret;Database=d";

    protected override string CreateTable => "create table rates (id text primary key, body text, image bytea, content_type text, version bigint not null)";

    [Fact]
    public async Task Load_NumbersAsKeys_AreNumbersThere()
    {
        foreach (var keys in (string[])["@keys", "@keys::int[]"])
        {
            var results = await LoadAsync(Options with { Load = $"select n as key, n * 2 as value from generate_series(1, 9) n where n = any({keys})" }, "2", "4", "77");
            Assert.Equal(["4", "8", null], results.Select(result => result is LoadResult.Found found ? System.Text.Encoding.UTF8.GetString(found.Value.Span) : null));
        }

        Assert.IsType<LoadResult.Found>(Assert.Single(await LoadAsync(Options with { Load = "select n as value from generate_series(1, 9) n where n = @key" }, "2")));
        var failed = await LoadAsync(Options with { Load = "select n as key, n as value from generate_series(1, 9) n where n = any(@keys)" }, "2", "two");
        Assert.All(failed, result => Assert.Equal("The database refused the statement (22P02): invalid input syntax for type integer: \"two\".", Assert.IsType<LoadResult.Failed>(result).Detail));
    }

    [Fact]
    public async Task Load_WholeKeys_HaveThePrefix()
    {
        var results = await LoadAsync(Options with { Load = "select k as key, k as value from unnest(@fullkeys::text[]) k" }, "a", "b");
        Assert.Equal(["rates/a", "rates/b"], results.Select(result => System.Text.Encoding.UTF8.GetString(Assert.IsType<LoadResult.Found>(result).Value.Span)));
    }

    // The pool is full of connections that are gone, and each load is one of a new worker.
    [Fact]
    public async Task Load_ServerStoppedAndStarted_FailsAndRecovers()
    {
        using var server = await PostgresServer.StartAsync();
        var source = Open(Options with { ConnectionString = server.ConnectionString, Load = "select @key as value" });
        Task<IReadOnlyList<LoadResult>> AskAsync() => source.LoadAsync([new LoadRequest(KeyOf("a"), null)], TestContext.Current.CancellationToken).Within();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync())), results => Assert.IsType<LoadResult.Found>(results[0]));
        await server.StopAsync();
        Assert.True(Assert.IsType<LoadResult.Failed>((await AskAsync())[0]).IsTransient);
        await server.RestartAsync();
        var answers = 0;
        await Soon.UntilAsync(async () => (await AskAsync())[0] is LoadResult.Found || ++answers > 8);
        Assert.InRange(answers, 0, 8);
    }

    [Theory]
    [InlineData("23505", true, false)]
    [InlineData("42501", true, false)]
    [InlineData("P0001", true, false)]
    [InlineData("40001", false, false)]
    [InlineData("40P01", false, false)]
    [InlineData("53300", false, false)]
    [InlineData("55P03", false, false)]
    [InlineData("25006", false, false)]
    [InlineData("57P01", false, true)]
    public async Task Write_Error_MeansWhatItsStateSays(string state, bool isRefused, bool mayBeWritten)
    {
        await ExecuteAsync("create or replace function fail(state text) returns text language plpgsql as $$ begin raise exception 'no: %', state using errcode = state; end $$");
        var result = await WriteAsync(Options with { Store = $"insert into rates (id, body, version) values (@key, fail('{state}') || @text, 1)" }, "a", "x", 1);
        if (isRefused)
            Assert.Equal($"The database refused the statement ({state}): no: {state}.", Assert.IsType<WriteResult.Refused>(result).Detail);
        else
            Assert.Equal((mayBeWritten, false, $"The database failed ({state}): no: {state}."), Assert.IsType<WriteResult.Failed>(result) is var failed ? (failed.MayBeWritten, failed.IsUnreachable, failed.Detail) : default);
    }

    [Fact]
    public async Task Journal_EachStatement_IsALineWithoutItsTextAndTheConnection()
    {
        using var directory = new TemporaryDirectory();
        var options = new OriginOptions { Name = "acme", Prefix = "rates/", Sql = Options, Journal = new() { Directory = directory.New() } };
        await using (var journal = new OriginJournal(options, _ => { }, TimeProvider.System))
        {
            await using var source = new SqlOriginSource(options, 1000, journal, TimeProvider.System);
            await source.WriteAsync(new OriginWrite(KeyOf("a"), Some.Bytes("one"), "text/plain", 5, "i"), TestContext.Current.CancellationToken);
            await source.LoadAsync([new LoadRequest(KeyOf("a"), null), new LoadRequest(KeyOf("b"), null)], TestContext.Current.CancellationToken);
            await source.WriteAsync(new OriginWrite(KeyOf("a"), null, "", 4, "i"), TestContext.Current.CancellationToken);
        }

        var lines = Directory.GetFiles(options.Journal.Directory).SelectMany(File.ReadAllLines).ToArray();
        Assert.Equal(3, lines.Length);
        Assert.Contains("""
            "method":"STORE","keys":["rates/a"],"requestBody":"one"
            """, lines[0], StringComparison.Ordinal);
        Assert.Contains("""
            "method":"LOAD","keys":["a","b"],"found":1
            """, lines[1], StringComparison.Ordinal);
        Assert.Contains("\"method\":\"DELETE\"", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.Contains("select", StringComparison.Ordinal) || line.Contains("insert", StringComparison.Ordinal) || line.Contains("Host", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Write_UnknownRole_IsUnreachable()
    {
        var failed = Assert.IsType<WriteResult.Failed>(await WriteAsync(Options with { ConnectionString = _server.ConnectionString.Replace("Username=postgres", "Username=nobody", StringComparison.Ordinal) }, "a", "x", 1));
        Assert.Equal((true, false, "The database does not admit the service (28000)."), (failed.IsUnreachable, failed.MayBeWritten, failed.Detail));
    }

    protected override async Task PrepareAsync() => _server = await servers.PostgresAsync();

    protected override DbConnection Connect() => new NpgsqlConnection(_server.ConnectionString);

    protected override async Task<bool> IsSlowRunningAsync() => await ExecuteAsync("select count(*) from pg_stat_activity where state = 'active' and query like '%as slow) t'") == "1";
}
