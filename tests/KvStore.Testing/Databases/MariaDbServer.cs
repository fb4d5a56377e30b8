namespace KvStore.Testing;

/// <summary>A MariaDB server of Debian's package, with an empty database, for tests with the trait <c>Needs=packages</c>.</summary>
internal sealed class MariaDbServer : IDisposable
{
    private const string Package = "mariadb-server";

    private readonly DatabaseProcess _process;

    private MariaDbServer(DatabaseProcess process) => _process = process;

    /// <summary>How ADO.NET reaches the database, as a user who may do everything.</summary>
    public string ConnectionString => $"Server={Socket};Protocol=unix;User ID=root;Database=kvstore";

    /// <summary>Makes a server and starts it.</summary>
    public static async Task<MariaDbServer> StartAsync()
    {
        var server = new MariaDbServer(await DatabaseProcess.CreateAsync("mysql", Package));
        try
        {
            await server._process.RunAsync("mariadb-install-db", "--no-defaults", $"--datadir={server.Data}", "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M");
            await server._process.RunAsync("mkdir", Path.Combine(server.Data, "kvstore"));
            await server.RestartAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Starts it again, with the data that it had, after <see cref="StopAsync"/>.</summary>
    public Task RestartAsync() => _process.LaunchAsync(
        line => line.Contains("ready for connections", StringComparison.Ordinal),
        "mariadbd", "--no-defaults", $"--datadir={Data}", $"--socket={Socket}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M");

    /// <summary>Ends it in order.</summary>
    public Task StopAsync() => _process.EndAsync(Signal.Terminate);

    public void Dispose() => _process.Dispose();

    private string Data => Path.Combine(_process.Directory, "data");

    private string Socket => Path.Combine(_process.Directory, "socket");
}
