using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace KvStore.Etcd.Tests;

/// <summary>A member that breaks HTTP/2 as a test wants: it reads frames, and does one thing when the awaited message has arrived.</summary>
internal sealed class RawHttp2Server : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly byte[] _awaited;
    private readonly Func<Connection, int, Task> _reply;
    private readonly Task _accepting;
    private int _arrived;

    /// <param name="awaited">What the message contains that is counted and answered. Others are read and get no answer.</param>
    /// <param name="reply">Answers it, given its stream.</param>
    public RawHttp2Server(byte[] awaited, Func<Connection, int, Task> reply)
    {
        _awaited = awaited;
        _reply = reply;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Endpoint => new($"http://{_listener.LocalEndpoint}");

    /// <summary>How many copies of the message have arrived, on all connections.</summary>
    public int Arrived => Volatile.Read(ref _arrived);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var connection = new Connection(stream, _stopping.Token);
        try
        {
            await stream.ReadExactlyAsync(new byte["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length], _stopping.Token);
            await connection.SendAsync(FrameType.Settings, 0, 0, []);
            var header = new byte[9];
            while (true)
            {
                await stream.ReadExactlyAsync(header, _stopping.Token);
                var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
                await stream.ReadExactlyAsync(payload, _stopping.Token);
                var (type, isAcknowledgement) = ((FrameType)header[3], (header[4] & 1) != 0);
                if (type is FrameType.Settings && !isAcknowledgement)
                    await connection.SendAsync(FrameType.Settings, 1, 0, []);
                else if (type is FrameType.Ping && !isAcknowledgement)
                    await connection.SendAsync(FrameType.Ping, 1, 0, payload);
                else if (type is FrameType.Data && payload.AsSpan().IndexOf(_awaited) >= 0)
                {
                    Interlocked.Increment(ref _arrived);
                    await _reply(connection, BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Closed by one side or the other.
        }
    }

    internal enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        ResetStream = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
    }

    /// <summary>What a test can send.</summary>
    internal sealed class Connection(NetworkStream stream, CancellationToken cancellationToken)
    {
        private const byte EndOfStream = 1;
        private const byte EndOfHeaders = 4;

        public Task SendAsync(FrameType type, byte flags, int streamId, byte[] payload)
        {
            var frame = new byte[9 + payload.Length];
            BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
            frame[3] = (byte)type;
            frame[4] = flags;
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
            payload.CopyTo(frame, 9);
            return stream.WriteAsync(frame, cancellationToken).AsTask();
        }

        /// <summary>Says that streams above the last one were not processed.</summary>
        public Task GoAwayAsync(int lastStreamId) => SendAsync(FrameType.GoAway, 0, 0, [.. Bytes(lastStreamId), .. Bytes(0)]);

        public Task ResetAsync(int streamId, int error) => SendAsync(FrameType.ResetStream, 0, streamId, Bytes(error));

        /// <summary>Sends the headers of an answer of gRPC: status 200 and the content type.</summary>
        public Task HeadersAsync(int streamId) => SendAsync(FrameType.Headers, EndOfHeaders, streamId, [0x88, 0x0f, 0x10, 16, .. "application/grpc"u8]);

        /// <summary>Sends a whole message, and with it the end of the stream, without the trailers that say how the call ended.</summary>
        public Task DataWithoutTrailersAsync(int streamId, byte[] message) => SendAsync(FrameType.Data, EndOfStream, streamId, [0, .. Bytes(message.Length), .. message]);

        public void Close() => stream.Close();

        private static byte[] Bytes(int number)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, number);
            return bytes;
        }
    }
}
