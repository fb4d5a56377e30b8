using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>Very many clients that do next to nothing. Each costs a socket here and no more.</summary>
internal sealed class Crowd : IDisposable
{
    private const int ConnectionsPerSource = 500;
    private const int FirstSource = 60;
    private const int ReadBytes = 4096;
    private const int WriteBytes = 512;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly byte[] Buffer = new byte[ReadBytes];
    private static readonly byte[] Zeros = new byte[WriteBytes];

    private readonly List<Socket> _sockets = [];
    private readonly CancellationTokenSource _end = new();
    private int _closed;

    /// <summary>Connections that the service refused while the crowd gathered.</summary>
    public int Refused { get; private set; }

    /// <summary>Connections that the service has closed since.</summary>
    public int Closed => _closed + _sockets.Count(socket => socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0);

    public int Count => _sockets.Count;

    /// <param name="request">What the client with this number sends at once.</param>
    public static async Task<Crowd> GatherAsync(IPEndPoint endPoint, int count, int? receiveBytes, Func<int, string> request)
    {
        var crowd = new Crowd();
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (receiveBytes is { } bytes)
                    socket.ReceiveBufferSize = bytes;
                socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{FirstSource + (i / ConnectionsPerSource)}"), 0));
                await socket.ConnectAsync(endPoint);
                if (request(i) is { Length: > 0 } text)
                    await socket.SendAsync(Encoding.Latin1.GetBytes(text));
                crowd._sockets.Add(socket);
            }
            catch (SocketException)
            {
                crowd.Refused++;
                socket.Dispose();
            }
        }

        return crowd;
    }

    /// <summary>Lets each client read a little once a second.</summary>
    public Task ReadSlowlyAsync() => DoSlowlyAsync(socket => !socket.Poll(0, SelectMode.SelectRead) || socket.Receive(Buffer, SocketFlags.None, out _) > 0);

    /// <summary>Lets each client write a little once a second.</summary>
    public Task WriteSlowlyAsync() => DoSlowlyAsync(socket => socket.Send(Zeros, SocketFlags.None, out var error) > 0 && error == SocketError.Success);

    public async Task StopAsync() => await _end.CancelAsync();

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        _end.Dispose();
    }

    private async Task DoSlowlyAsync(Func<Socket, bool> act)
    {
        while (!_end.IsCancellationRequested)
        {
            foreach (var socket in _sockets.ToArray())
            {
                if (act(socket))
                    continue;
                _closed++;
                _sockets.Remove(socket);
                socket.Dispose();
            }

            await Task.Delay(Interval, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
