using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>A TCP connection that sends exactly the given bytes and reads answers. One caller may send while another reads.</summary>
internal sealed class WireConnection : IDisposable
{
    private static readonly LingerOption ResetAtClose = new(true, 0);

    private readonly Socket _socket;

    // Made when it is needed: thousands of idle connections read nothing.
    private AnswerReader? _reader;

    private WireConnection(Socket socket) => _socket = socket;

    /// <summary>Whether bytes, or the end of the connection, can be read without waiting.</summary>
    public bool HasSomethingToRead => _reader is { HasBytes: true } || _socket.Poll(0, SelectMode.SelectRead);

    private AnswerReader Reader => _reader ??= new AnswerReader((memory, cancellationToken) => _socket.ReceiveAsync(memory, cancellationToken));

    /// <param name="source">An address of this machine, such as 127.0.0.7: the service sees it as a client of its own.</param>
    /// <param name="receiveBytes">The size of the receive buffer of a client that will not read; the system's default if null.</param>
    public static async ValueTask<WireConnection> OpenAsync(IPEndPoint endPoint, IPAddress? source = null, int? receiveBytes = null, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (receiveBytes is { } bytes)
                socket.ReceiveBufferSize = bytes;
            if (source is not null)
                socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(endPoint, cancellationToken);
            return new WireConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends text, each character as one byte.</summary>
    public ValueTask SendAsync(string text, CancellationToken cancellationToken = default) => SendAsync(Encoding.Latin1.GetBytes(text), cancellationToken);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, cancellationToken)..];
    }

    /// <summary>Sends a request and reads its answer.</summary>
    public async ValueTask<Answer> ExchangeAsync(string request, CancellationToken cancellationToken = default)
    {
        await SendAsync(request, cancellationToken);
        return await ReadAsync(request.StartsWith("HEAD ", StringComparison.Ordinal), cancellationToken)
            ?? throw new EndOfStreamException("The connection was closed without an answer.");
    }

    /// <summary>Reads the next answer; null if the connection ended before its first byte.</summary>
    public ValueTask<Answer?> ReadAsync(bool isHead, CancellationToken cancellationToken) => Reader.ReadAsync(isHead, cancellationToken);

    /// <summary>Reads the status and the headers of the next answer, and leaves its body.</summary>
    public ValueTask<int> ReadHeadAsync(CancellationToken cancellationToken) => Reader.ReadHeadAsync(cancellationToken);

    /// <summary>Receives bytes as they come; for protocols other than HTTP/1.1.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> memory, CancellationToken cancellationToken) => _socket.ReceiveAsync(memory, cancellationToken);

    /// <summary>Waits until bytes, or the end of the connection, can be read.</summary>
    /// <returns>Whether they came in time.</returns>
    public async ValueTask<bool> WaitForBytesAsync(TimeSpan time)
    {
        using var timeout = new CancellationTokenSource(time);
        try
        {
            await Reader.WaitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Sends nothing more; answers can still be read.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Resets the connection, as the system of a client that crashed does.</summary>
    public void Reset()
    {
        _socket.LingerState = ResetAtClose;
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();
}
