namespace KvStore.Testing;

/// <summary>
/// A PostgreSQL server of Debian's package, with an empty database, for tests with the trait <c>Needs=packages</c>. Nothing is flushed to disk, so it survives the ends that a test gives it, and no power failure.
/// </summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Package = "postgresql";
    private const string Programs = "/usr/lib/postgresql";

    private readonly DatabaseProcess _process;
    private readonly string _bin;

    private PostgresServer(DatabaseProcess process, string bin) => (_process, _bin) = (process, bin);

    /// <summary>How ADO.NET reaches the database, as a user who may do everything.</summary>
    public string ConnectionString => $"Host={_process.Directory};Username=postgres;Database=postgres";

    /// <summary>What the server has logged since its last start.</summary>
    public OutputLines Log => _process.Log;

    /// <summary>Makes a server and starts it.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        var bin = (Directory.Exists(Programs) ? Directory.GetDirectories(Programs) : []).OrderBy(version => version.Length).ThenBy(version => version, StringComparer.Ordinal).LastOrDefault()
            ?? throw new InvalidOperationException($"PostgreSQL is not installed ({Package}). ./test.sh installs it; without it, run the tests with --filter Needs!=packages.");
        var server = new PostgresServer(await DatabaseProcess.CreateAsync("postgres", Package), Path.Combine(bin, "bin"));
        try
        {
            await server._process.RunAsync(
                Path.Combine(server._bin, "initdb"), "--pgdata", server.Data, "--username=postgres", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8");
            await server.RestartAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Starts it again, with the data that it had, after <see cref="StopAsync"/> or <see cref="CrashAsync"/>.</summary>
    public Task RestartAsync() => _process.LaunchAsync(
        line => line.EndsWith("database system is ready to accept connections", StringComparison.Ordinal),
        Path.Combine(_bin, "postgres"),
        ["-D", Data, "-k", _process.Directory, .. ((string[])["listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=200"]).SelectMany(setting => (string[])["-c", setting])]);

    /// <summary>Ends it in order: clients are disconnected, and what they have not committed is undone.</summary>
    public Task StopAsync() => _process.EndAsync(Signal.Interrupt);

    /// <summary>Ends it as a crash would: the next start recovers from its log.</summary>
    public Task CrashAsync() => _process.EndAsync(Signal.Quit);

    /// <summary>Executes statements by psql, for projects without a driver.</summary>
    /// <returns>The rows, each a line, with <c>|</c> between the columns.</returns>
    public async Task<string[]> QueryAsync(string sql) =>
        (await _process.RunAsync(Path.Combine(_bin, "psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--host", _process.Directory, "--username=postgres", "--dbname=postgres", "--command", sql))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _process.Dispose();

    private string Data => Path.Combine(_process.Directory, "data");
}
