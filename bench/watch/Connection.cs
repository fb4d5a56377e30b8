using System.Net.Sockets;
using System.Text;

namespace KvStore.WatchLoad;

/// <summary>A connection that does as little as possible per byte, so that the load costs less than what is measured.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[4 * 1024];

    public static async Task<Connection> OpenAsync(Uri url)
    {
        var connection = new Connection();
        await connection._socket.ConnectAsync(url.Host, url.Port);
        return connection;
    }

    /// <summary>
    /// Begins a watch, waits for its first bytes, and returns the socket for the rest. It must be read by blocking calls: an asynchronous one would add the socket
    /// to those that a thread of this process waits for, and each delivery would wake that thread, which then has nothing to do.
    /// </summary>
    public static Socket OpenWatch(Uri url, string query)
    {
        var connection = new Connection();
        connection._socket.Connect(url.Host, url.Port);
        connection._socket.Send(Encoding.ASCII.GetBytes(Request(query)));
        Check(connection._buffer.AsSpan(0, connection._socket.Receive(connection._buffer)));
        return connection._socket;
    }

    /// <summary>Begins a watch and waits for its first bytes.</summary>
    public async Task WatchAsync(string query)
    {
        await SendAsync(Request(query));
        Check(_buffer.AsSpan(0, await _socket.ReceiveAsync(_buffer)));
    }

    public async Task SendAsync(string text) => await _socket.SendAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Stores a value and waits for the answer.</summary>
    public async Task PutAsync(string key, string value)
    {
        await SendAsync($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {value.Length}\r\n\r\n{value}");
        var count = await _socket.ReceiveAsync(_buffer);
        if (count < 12 || _buffer[9] != '2')
            throw new InvalidOperationException(Encoding.ASCII.GetString(_buffer.AsSpan(0, count)));
    }

    public void Dispose() => _socket.Dispose();

    private static string Request(string query) => $"GET /v1/watch{query} HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static void Check(ReadOnlySpan<byte> answer)
    {
        if (!answer.StartsWith("HTTP/1.1 200"u8))
            throw new InvalidOperationException(Encoding.ASCII.GetString(answer));
    }
}
