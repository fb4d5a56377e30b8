namespace KvStore.Origins.Tests;

// The server that other tests rely on.
[Trait("Needs", "packages")]
public sealed class PostgresServerTests
{
    [Fact]
    public async Task Restart_AfterACrash_HasWhatWasCommitted()
    {
        using var server = await PostgresServer.StartAsync();
        await server.QueryAsync("create table t (key text); insert into t values ('a')");
        await server.CrashAsync();
        await server.RestartAsync();
        Assert.Contains(server.Log.ToArray(), line => line.Contains("was not properly shut down", StringComparison.Ordinal));
        Assert.Equal(["a"], await server.QueryAsync("select key from t"));
        await server.StopAsync();
    }
}
