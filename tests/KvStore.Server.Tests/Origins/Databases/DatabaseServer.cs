using Npgsql;

namespace KvStore.Server.Tests;

/// <summary>A service with the origin acme below rates/, which is a table of its own in a PostgreSQL database.</summary>
internal sealed class DatabaseServer : IAsyncDisposable
{
    private static int _count;

    private readonly NpgsqlDataSource _source;

    private DatabaseServer(PostgresServer server, LogLines? log)
    {
        Options = new KvServerOptions { Log = log };
        Table = $"rates_{Interlocked.Increment(ref _count)}";
        _source = NpgsqlDataSource.Create(server.ConnectionString);
        Options.Settings["KvStore:Origins:acme:Prefix"] = "rates/";
        Options.Settings["KvStore:Origins:acme:FreshFor"] = "1h";
        Options.Settings["KvStore:Origins:acme:RefreshAheadPercent"] = "100";
        Options.Settings["KvStore:Origins:acme:FailureFor"] = "0s";
        Options.Settings["KvStore:Origins:acme:Sql:ConnectionString"] = server.ConnectionString;
        Options.Settings["KvStore:Origins:acme:Sql:Load"] = $"select id as key, body as value from {Table} where id = any(@keys)";
    }

    /// <summary>The name of the table: id, body, version.</summary>
    public string Table { get; }

    public KvServerOptions Options { get; }

    public KvServer Server { get; private set; } = null!;

    public KvClient Client => Server.Client;

    public static async Task<DatabaseServer> StartAsync(PostgresServer server, Action<string, Dictionary<string, string>>? change = null, LogLines? log = null)
    {
        var started = new DatabaseServer(server, log);
        change?.Invoke(started.Table, started.Options.Settings);
        await started.QueryAsync($"create table {started.Table} (id text primary key, body text, version bigint not null default 0)");
        started.Server = await KvServer.StartAsync(started.Options);
        return started;
    }

    /// <summary>Executes a statement in the database.</summary>
    /// <returns>The first column of the first row; null if there is none.</returns>
    public async Task<object?> QueryAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Gets a value.</summary>
    public async Task<string> GetAsync(string key) => (await Client.GetAsync("/v1/kv/rates/" + key)).Expect(200).Text;

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _source.DisposeAsync();
    }
}
