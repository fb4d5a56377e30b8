namespace KvStore.Testing;

/// <summary>The servers that the tests of a project share, as its fixture: each is started when the first test asks for it.</summary>
public sealed class DatabaseServers : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> _postgres = new(PostgresServer.StartAsync);
    private readonly Lazy<Task<MariaDbServer>> _mariaDb = new(MariaDbServer.StartAsync);

    internal Task<PostgresServer> PostgresAsync() => _postgres.Value;

    internal Task<MariaDbServer> MariaDbAsync() => _mariaDb.Value;

    public async ValueTask DisposeAsync()
    {
        if (_postgres.IsValueCreated)
            (await _postgres.Value).Dispose();
        if (_mariaDb.IsValueCreated)
            (await _mariaDb.Value).Dispose();
    }
}
