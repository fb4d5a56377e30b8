using System.Net.Sockets;

namespace KvStore.WatchLoad;

/// <summary>
/// Watchers that read everything. One task polls all sockets every few milliseconds, because waiting for each of them costs as
/// much as what is measured; latencies are overstated by up to that interval.
/// </summary>
internal sealed class Watching : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(4);

    private readonly Dictionary<Socket, Latencies> _watchers = [];
    private readonly CancellationTokenSource _end = new();
    private readonly byte[] _buffer = new byte[1 << 20];
    private Task _reading = Task.CompletedTask;
    private Histogram _histogram = new();

    public static async Task<Watching> BeginAsync(Uri url, int watchers, Func<int, string> query)
    {
        var watching = new Watching();
        for (var i = 0; i < watchers; i++)
            watching._watchers.Add(await Connection.OpenWatchAsync(url, query(i)), new Latencies());
        watching._reading = Task.Run(watching.ReadAsync);
        return watching;
    }

    /// <summary>Describes the events since the last call.</summary>
    public string Take() => Interlocked.Exchange(ref _histogram, new Histogram()).Describe();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _reading;
        foreach (var socket in _watchers.Keys)
            socket.Dispose();
        _end.Dispose();
    }

    private async Task ReadAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        var ready = new List<Socket>();
        while (!_end.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
            ready.Clear();
            ready.AddRange(_watchers.Keys);
            Socket.Select(ready, null, null, TimeSpan.Zero);
            foreach (var socket in ready)
                _watchers[socket].Read(_buffer.AsSpan(0, socket.Receive(_buffer)), _histogram);
        }
    }
}
