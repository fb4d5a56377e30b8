using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.SurfaceLimit;

/// <summary>A connection that sends what it is given, and reads one answer, or one event, at a time.</summary>
internal sealed class PollConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[8192];
    private int _length;
    private bool _isStream;

    public static async Task<PollConnection> OpenAsync(int port)
    {
        var connection = new PollConnection();
        await connection._socket.ConnectAsync(IPAddress.Loopback, port);
        return connection;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> request) => await _socket.SendAsync(request);

    /// <summary>Reads an answer, which must be a success; of a stream, its next chunk.</summary>
    /// <returns>The revision that the answer has, or 0.</returns>
    public async Task<long> ReceiveAsync(string contender)
    {
        while (true)
        {
            var end = EndOf(contender, out var revision);
            if (end > 0)
            {
                _buffer.AsSpan(end, _length - end).CopyTo(_buffer);
                _length -= end;
                return revision;
            }

            var received = await _socket.ReceiveAsync(_buffer.AsMemory(_length));
            if (received == 0)
                throw new InvalidOperationException($"{contender} closed the connection.");
            _length += received;
        }
    }

    public void Dispose() => _socket.Dispose();

    // Where the answer ends in the buffer; 0 if it has not arrived in full.
    private int EndOf(string contender, out long revision)
    {
        revision = 0;
        var bytes = _buffer.AsSpan(0, _length);
        if (contender == "redis")
            return EndOfReply(bytes);
        if (_isStream)
            return EndOfChunk(bytes, 0);
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return 0;
        if (!bytes.StartsWith("HTTP/1.1 2"u8))
            throw new InvalidOperationException($"{contender}: {Encoding.ASCII.GetString(bytes)}");
        if (HeaderOf(bytes[..head], "Transfer-Encoding: "u8) is not null)
            return EndOfStreamStart(bytes, head + 4);
        revision = HeaderOf(bytes[..head], "KvStore-Revision: "u8) ?? 0;
        var end = head + 4 + (int)(HeaderOf(bytes[..head], "Content-Length: "u8) ?? 0);
        return end <= bytes.Length ? end : 0;
    }

    // The first chunk says that the watch has been made. The stream has no other end than that of the connection.
    private int EndOfStreamStart(ReadOnlySpan<byte> bytes, int body)
    {
        var end = EndOfChunk(bytes, body);
        _isStream = end > 0;
        return end;
    }

    private static int EndOfChunk(ReadOnlySpan<byte> bytes, int start)
    {
        var line = bytes[start..].IndexOf("\r\n"u8);
        if (line <= 0)
            return 0;
        var size = int.Parse(Encoding.ASCII.GetString(bytes.Slice(start, line)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var end = start + line + 2 + size + 2;
        return end <= bytes.Length ? end : 0;
    }

    // The number of an RPUSH, or the array of two strings of a BLPOP.
    private static int EndOfReply(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [(byte)'-', ..])
            throw new InvalidOperationException(Encoding.ASCII.GetString(bytes));
        if (bytes is [(byte)':', ..])
            return bytes.IndexOf("\r\n"u8) is > 0 and var end ? end + 2 : 0;
        var lines = 0;
        for (var at = 0; at < bytes.Length; at++)
        {
            if (bytes[at] == '\n' && ++lines == 5)
                return at + 1;
        }

        return 0;
    }

    private static long? HeaderOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var at = head.IndexOf(name);
        if (at < 0)
            return null;
        return Utf8Parser.TryParse(head[(at + name.Length)..], out long number, out _) ? number : 0;
    }
}
