namespace KvStore.WatchLoad;

/// <summary>Watchers of one prefix who read all that comes.</summary>
internal sealed class Watching : IAsyncDisposable
{
    private readonly List<Connection> _connections = [];
    private readonly List<Task> _reading = [];
    private Latencies[] _latencies = [];

    public static async Task<Watching> BeginAsync(Uri url, int watchers)
    {
        var watching = new Watching { _latencies = [.. Enumerable.Range(0, watchers).Select(_ => new Latencies())] };
        for (var i = 0; i < watchers; i++)
        {
            var connection = await Connection.OpenAsync(url);
            await connection.WatchAsync("?prefix=watched/");
            watching._connections.Add(connection);
            watching._reading.Add(watching.ReadAsync(connection, i));
        }

        return watching;
    }

    /// <summary>Describes what came since the last time.</summary>
    public string Take()
    {
        var taken = _latencies;
        _latencies = [.. taken.Select(_ => new Latencies())];
        return Latencies.Describe(taken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            connection.Dispose();
        await Task.WhenAll(_reading);
    }

    private async Task ReadAsync(Connection connection, int number)
    {
        try
        {
            while (await connection.ReceiveAsync() is { Length: > 0 } bytes)
                _latencies[number].Read(bytes.Span);
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The measurement is over.
        }
    }
}
