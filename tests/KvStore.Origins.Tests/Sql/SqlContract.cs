using System.Data.Common;

namespace KvStore.Origins.Tests;

/// <summary>What every kind of database does as an origin, against a real one.</summary>
[Trait("Needs", "packages")]
public abstract class SqlContract : IAsyncLifetime
{
    private const int ValueBytesMax = 100_000;

    private readonly List<IOriginSource> _sources = [];

    internal abstract OriginSqlOptions Options { get; }

    /// <summary>Expressions of SQL, and the values that they become.</summary>
    protected abstract (string Expression, string? Value, string ContentType)[] Expressions { get; }

    /// <summary>An expression whose type is no value; null if there is none.</summary>
    protected abstract string? Unreadable { get; }

    /// <summary>A query that takes longer than a test.</summary>
    protected abstract string Slow { get; }

    /// <summary>An error that the database reports in a statement.</summary>
    protected abstract (string Load, string Detail) Refused { get; }

    /// <summary>A connection string with which no database is reached.</summary>
    protected abstract string Nowhere { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await PrepareAsync();
        await ExecuteAsync("drop table if exists rates");
        await ExecuteAsync(CreateTable);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources)
            await source.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Load_Rows_AreValues()
    {
        await ExecuteAsync("insert into rates (id, body, content_type, version) values ('a', 'one', 'text/csv', 1), ('b', null, null, 1)");
        var results = await LoadAsync(Options, "a", "b", "c");
        Assert.Equal(("one", "text/csv"), Read(results[0]));
        Assert.IsType<LoadResult.Absent>(results[1]);
        Assert.IsType<LoadResult.Absent>(results[2]);
        Assert.Equal(results[0], Assert.Single(await LoadAsync(LoadOne, "a")), Same);
        Assert.IsType<LoadResult.Absent>(Assert.Single(await LoadAsync(LoadOne, "b")));
        Assert.IsType<LoadResult.Absent>(Assert.Single(await LoadAsync(LoadOne, "c")));
    }

    // The keys are what they are, and the table is still there.
    [Fact]
    public async Task Load_KeysThatAreSql_AreKeys()
    {
        string[] keys = ["'", "''", "\"", "\\", "\\'", "'; drop table rates; --", "' or '1'='1", "a', 'b", "@key", "$1", "%", "{", "\\x41", "é\u2028\U0001F600", "", "a,b", "NULL", "`", "#", "/*"];
        foreach (var key in keys)
            Assert.IsType<WriteResult.Written>(await WriteAsync(Options, key, "value of " + key, 5));
        Assert.Equal(keys.Select(key => "value of " + key), (await LoadAsync(Options, keys)).Select(result => Read(result).Value));
        foreach (var key in keys)
            Assert.Equal("value of " + key, Read(Assert.Single(await LoadAsync(LoadOne, key))).Value);
        Assert.IsType<LoadResult.Absent>(Assert.Single(await LoadAsync(LoadOne, "' or true --")));
    }

    [Fact]
    public async Task Load_EveryType_IsAValueOrSaysWhatToDo()
    {
        foreach (var (expression, value, contentType) in Expressions)
        {
            var result = Assert.Single(await LoadAsync(Options with { Load = Always(expression) }, "a"));
            Assert.Equal((expression, value, contentType), result is LoadResult.Found ? (expression, Read(result).Value, Read(result).ContentType) : (expression, null, result.GetType().Name));
        }

        if (Unreadable is not null)
        {
            var failed = Assert.IsType<LoadResult.Failed>(Assert.Single(await LoadAsync(Options with { Load = Always(Unreadable) }, "a")));
            Assert.Contains("which the query must cast to text, JSON or bytes", failed.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Load_ValueAboveTheLimit_FailsAlone()
    {
        await WriteAsync(Options, "large", new string('é', (ValueBytesMax / 2) + 1), 1);
        await WriteAsync(Options, "largest", new string('e', ValueBytesMax), 1);
        var results = await LoadAsync(Options, "large", "largest");
        Assert.Equal("The database has a value of more than 100000 bytes.", Assert.IsType<LoadResult.Failed>(results[0]).Detail);
        Assert.Equal(ValueBytesMax, Read(results[1]).Value.Length);
    }

    [Fact]
    public async Task Load_WrongColumns_SaysWhich()
    {
        var noValue = Assert.IsType<LoadResult.Failed>(Assert.Single(await LoadAsync(Options with { Load = "select 1 as price from (select @key as k) t" }, "a")));
        Assert.Equal((LoadFailure.BadAnswer, "The result of the query has no column value."), (noValue.Kind, noValue.Detail));
        var noKey = Assert.IsType<LoadResult.Failed>((await LoadAsync(Options with { Load = Options.Load.Replace("id as key", "1 as number", StringComparison.Ordinal).Replace("id as `key`", "1 as number", StringComparison.Ordinal) }, "a", "b"))[1]);
        Assert.Equal("The result of the query of many keys has no column key.", noKey.Detail);
    }

    [Fact]
    public async Task Load_StatementThatIsRefused_SaysWhatTheServerSaid()
    {
        var failed = Assert.IsType<LoadResult.Failed>(Assert.Single(await LoadAsync(Options with { Load = Refused.Load }, "a")));
        Assert.Equal((LoadFailure.Refused, false), (failed.Kind, failed.IsTransient));
        Assert.StartsWith(Refused.Detail, failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_DatabaseThatIsNotThere_IsTransientAndSaysNoSecret()
    {
        var options = Options with { ConnectionString = Nowhere };
        var failed = Assert.IsType<LoadResult.Failed>(Assert.Single(await LoadAsync(options, "a")));
        Assert.True(failed.IsTransient);
        var unwritten = Assert.IsType<WriteResult.Failed>(await WriteAsync(options, "a", "x", 1));
        Assert.Equal((true, false, failed.Detail), (unwritten.IsUnreachable, unwritten.MayBeWritten, unwritten.Detail));
        Assert.DoesNotContain("secret", failed.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("nowhere", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_Cancelled_EndsTheQuery()
    {
        var source = Open(Options with { Load = Slow });
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var loading = source.LoadAsync([new LoadRequest(KeyOf("a"), null)], cancelling.Token);
        await Soon.UntilAsync(IsSlowRunningAsync);
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loading.Within());
    }

    // Newer, the same again, older; and after the deletion, too.
    [Fact]
    public async Task Write_Fence_RefusesWhatIsOlder()
    {
        Assert.IsType<WriteResult.Written>(await WriteAsync(Options, "a", "one", 5));
        Assert.IsType<WriteResult.Written>(await WriteAsync(Options, "a", "two", 7));
        Assert.IsType<WriteResult.Written>(await WriteAsync(Options, "a", "two", 7));
        Assert.Equal("The database has changed no row, so it has a newer revision than 6.", Assert.IsType<WriteResult.Refused>(await WriteAsync(Options, "a", "old", 6)).Detail);
        Assert.Equal(("two", "text/plain"), Read(Assert.Single(await LoadAsync(Options, "a"))));
        Assert.IsType<WriteResult.Written>(await WriteAsync(Options, "a", null, 9));
        Assert.IsType<WriteResult.Refused>(await WriteAsync(Options, "a", "old", 8));
        Assert.IsType<LoadResult.Absent>(Assert.Single(await LoadAsync(Options, "a")));
        Assert.IsType<WriteResult.Written>(await WriteAsync(Options, "never", null, 9));
    }

    [Fact]
    public async Task Write_Bytes_AreBytesOrText()
    {
        var bytes = new byte[] { 0, 255, 39, 92, 1 };
        var sink = (IOriginSink)Open(Bytes);
        Assert.IsType<WriteResult.Written>(await sink.WriteAsync(new OriginWrite(KeyOf("a"), bytes, "image/png", 1, "i"), Token));
        Assert.Equal(bytes, Assert.IsType<LoadResult.Found>(Assert.Single(await LoadAsync(Bytes, "a"))).Value.ToArray());
        Assert.IsType<WriteResult.Written>(await sink.WriteAsync(new OriginWrite(KeyOf("a"), ReadOnlyMemory<byte>.Empty, "image/png", 2, "i"), Token));
        Assert.Empty(Assert.IsType<LoadResult.Found>(Assert.Single(await LoadAsync(Bytes, "a"))).Value.ToArray());
        var text = (IOriginSink)Open(Options);
        Assert.Equal("The database stores the value as text, and it is not UTF-8.", Assert.IsType<WriteResult.Refused>(await text.WriteAsync(new OriginWrite(KeyOf("a"), bytes, "", 3, "i"), Token)).Detail);
    }

    [Fact]
    public async Task Write_NoStatement_IsRefused() =>
        Assert.IsType<WriteResult.Refused>(await WriteAsync(Options with { Delete = null }, "a", null, 1));

    /// <summary>The table rates: id, body (text), image (bytes), content_type, version.</summary>
    protected abstract string CreateTable { get; }

    /// <summary>The options with a query of one key.</summary>
    internal abstract OriginSqlOptions LoadOne { get; }

    /// <summary>The options with values as bytes.</summary>
    internal abstract OriginSqlOptions Bytes { get; }

    protected virtual Task PrepareAsync() => Task.CompletedTask;

    protected abstract DbConnection Connect();

    protected virtual Task<bool> IsSlowRunningAsync() => Task.FromResult(true);

    protected static Key KeyOf(string key) => Key.FromStored(Some.Bytes("rates/" + key));

    protected async Task<string?> ExecuteAsync(string sql)
    {
        await using var connection = Connect();
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (await command.ExecuteScalarAsync(Token))?.ToString();
    }

    private protected IOriginSource Open(OriginSqlOptions options)
    {
        var source = new SqlOriginSource(new OriginOptions { Name = "acme", Prefix = "rates/", Sql = options }, ValueBytesMax, null, TimeProvider.System);
        _sources.Add(source);
        return source;
    }

    private protected Task<IReadOnlyList<LoadResult>> LoadAsync(OriginSqlOptions options, params string[] keys) =>
        Open(options).LoadAsync([.. keys.Select(key => new LoadRequest(KeyOf(key), null))], Token).Within();

    private protected Task<WriteResult> WriteAsync(OriginSqlOptions options, string key, string? value, long revision) =>
        ((IOriginSink)Open(options)).WriteAsync(new OriginWrite(KeyOf(key), value is null ? default(ReadOnlyMemory<byte>?) : Some.Bytes(value), "text/plain", revision, "i"), Token).Within();

    private static (string Value, string ContentType) Read(LoadResult result) =>
        Assert.IsType<LoadResult.Found>(result) is var found ? (System.Text.Encoding.UTF8.GetString(found.Value.Span), found.ContentType) : default;

    private static bool Same(LoadResult one, LoadResult other) => Read(one) == Read(other);

    protected virtual string Always(string expression) => $"select {expression} as value from (select @key as k) t";
}
