[assembly: AssemblyFixture(typeof(KvStore.Origins.Tests.DatabaseServers))]

namespace KvStore.Origins.Tests;

/// <summary>The servers that tests share: each is started when the first one asks for it.</summary>
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
