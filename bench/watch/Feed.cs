using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace KvStore.WatchLoad;

/// <summary>Makes events at a fixed rate in one buffer, and sends them to each client in its time, all that it has not got at once.</summary>
/// <param name="perSecond">Events per second.</param>
/// <param name="wait">The time between two sends to one client.</param>
internal sealed class Feed(int perSecond, TimeSpan wait)
{
    private const int ValueBytes = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(8);

    private readonly Lock _lock = new();

    // A ring. No client that reads is behind by so much.
    private readonly byte[] _buffer = new byte[16 << 20];
    private long _end;
    private long _made;

    // Under the lock: clients to which nothing is being sent, in the order of their last send.
    private readonly Queue<Client> _waiting = [];
    private int _clients;

    public void Start() => new Thread(Run) { IsBackground = true }.Start();

    /// <summary>Adds a client. Ends when it cannot be sent to.</summary>
    public Task AddAsync(Func<ReadOnlyMemory<byte>, ValueTask> send)
    {
        var client = new Client(send, Volatile.Read(ref _end));
        lock (_lock)
        {
            _waiting.Enqueue(client);
            _clients++;
        }

        return client.Ended.Task;
    }

    private void Run()
    {
        var begin = Stopwatch.GetTimestamp();
        for (var interval = 1L; ; interval++)
        {
            if (interval * Interval - Stopwatch.GetElapsedTime(begin) is { Ticks: > 0 } left)
                Thread.Sleep(left);
            while (_made < (long)(Stopwatch.GetElapsedTime(begin).TotalSeconds * perSecond))
                Append(++_made);
            int count;
            lock (_lock)
                count = Math.Min(_waiting.Count, (int)Math.Ceiling(_clients * (Interval / wait)));
            for (; count > 0; count--)
            {
                Client client;
                lock (_lock)
                    client = _waiting.Dequeue();
                _ = SendAsync(client);
            }
        }
    }

    private async Task SendAsync(Client client)
    {
        try
        {
            while (client.Sent < _end)
            {
                var at = (int)(client.Sent % _buffer.Length);
                var count = (int)Math.Min(_end - client.Sent, _buffer.Length - at);
                await client.Send(_buffer.AsMemory(at, count));
                client.Sent += count;
            }

            lock (_lock)
                _waiting.Enqueue(client);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            lock (_lock)
                _clients--;
            client.Ended.SetResult();
        }
    }

    // As the service writes it.
    private void Append(long number)
    {
        var revision = 1_000_000 + number;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"event: change\nid: 5f0c2a9e4b7d1836.{revision}\ndata: {{\"revision\":{revision},\"changes\":[{{\"type\":\"put\",\"key\":\"watched/{Load.PacedKey((int)(number % 1000))}\",\"revision\":{revision},"
            + $"\"created_revision\":3,\"version\":{number},\"content_type\":\"text/plain\",\"size\":100,\"modified_at\":\"2026-01-31T12:00:00.123Z\",\"text\":\"{Latencies.Value(ValueBytes)}\"}}]}}\n\n");
        foreach (var value in Encoding.ASCII.GetBytes(text))
            _buffer[_end++ % _buffer.Length] = value;
    }

    private sealed record Client(Func<ReadOnlyMemory<byte>, ValueTask> Send, long Position)
    {
        public long Sent { get; set; } = Position;

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
