using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KvStore.WatchLoad;

/// <summary>
/// Watchers that receive everything, on one thread that polls all sockets every few milliseconds: waiting for each of them costs as much as what is measured.
/// Latencies are overstated by up to that interval. One watcher of eight reads its bytes and counts its events; the kernel drops those of the others,
/// whose events are counted by their bytes, so that the load takes as little as it can of the cores that it shares with the service.
/// </summary>
internal sealed partial class Watching : IAsyncDisposable
{
    private const int OneReadsOf = 8;

    // recv(2): the bytes are received, and not copied.
    private const SocketFlags Drop = SocketFlags.Truncated;

    // POLLIN.
    private const short Readable = 1;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(4);

    private readonly List<(Socket Socket, Latencies? Latencies)> _watchers = [];
    private readonly CancellationTokenSource _end = new();
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly Lock _lock = new();
    private Thread? _thread;

    // Under the lock.
    private Delivered _delivered = new();
    private long _processorNanoseconds;

    public static Watching Begin(Uri url, int watchers, Func<int, string> query)
    {
        var watching = new Watching();
        for (var i = 0; i < watchers; i++)
            watching._watchers.Add((Connection.OpenWatch(url, query(i)), i % OneReadsOf == 0 ? new Latencies() : null));
        watching._thread = new Thread(watching.Receive) { IsBackground = true };
        watching._thread.Start();
        return watching;
    }

    /// <summary>What was delivered since the last call.</summary>
    public Delivered Take()
    {
        lock (_lock)
        {
            var delivered = _delivered;
            _delivered = new Delivered();
            return delivered;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _thread?.Join();
        foreach (var (socket, _) in _watchers)
            socket.Dispose();
        _end.Dispose();
    }

    private void Receive()
    {
        var polled = Array.ConvertAll(_watchers.ToArray(), static watcher => new Polled((int)watcher.Socket.Handle, Readable, 0));
        for (var next = Stopwatch.GetTimestamp(); !_end.IsCancellationRequested;)
        {
            next += (long)(Interval.TotalSeconds * Stopwatch.Frequency);
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next) is { Ticks: > 0 } left)
                _end.Token.WaitHandle.WaitOne(left);
            if (Poll(polled, (nuint)polled.Length, 0) < 0)
                throw new InvalidOperationException($"poll: {Marshal.GetLastPInvokeError()}");
            lock (_lock)
            {
                for (var i = 0; i < polled.Length; i++)
                {
                    if (polled[i].Returned != 0)
                        Receive(_watchers[i].Socket, _watchers[i].Latencies);
                }

                var processor = ProcessorNanoseconds();
                _delivered.ReaderTime += TimeSpan.FromMicroseconds((processor - _processorNanoseconds) / 1000);
                _processorNanoseconds = processor;
            }
        }
    }

    private void Receive(Socket socket, Latencies? latencies)
    {
        _delivered.Receives++;
        var bytes = socket.Receive(_buffer, latencies is null ? Drop : SocketFlags.None);
        if (bytes == 0)
            throw new InvalidOperationException("A watch has ended.");
        if (latencies is null)
        {
            _delivered.BytesDropped += bytes;
            return;
        }

        _delivered.BytesRead += bytes;
        latencies.Read(_buffer.AsSpan(0, bytes), _delivered.Times);
    }

    // Of this thread. The first number of the file is the time on a processor.
    private static long ProcessorNanoseconds()
    {
        var text = File.ReadAllText("/proc/thread-self/schedstat");
        return long.Parse(text.AsSpan(0, text.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
    }

    // poll(2) for all sockets at once. With Socket.Select, which marshals each of them, this thread took 0.11 us a delivery in place of 0.09.
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll([In, Out] Polled[] polled, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private record struct Polled(int Descriptor, short Requested, short Returned);
}
