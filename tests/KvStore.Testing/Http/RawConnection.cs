using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Testing;

/// <summary>
/// HTTP/1.1 over a socket: it sends exactly the given bytes, as no HTTP client library would, and reads responses by
/// length, by chunks, or to the end of the connection. One caller may send while another reads.
/// </summary>
public sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    private RawConnection(Socket socket) => _socket = socket;

    /// <summary>Whether the server has ended it, and everything that it sent has been read.</summary>
    public bool HasEnded => _start == _end && _socket.Poll(0, SelectMode.SelectRead) && _socket.Available == 0;

    public static Task<RawConnection> ConnectAsync(Uri address) => ConnectAsync(new IPEndPoint(IPAddress.Loopback, address.Port));

    public static async Task<RawConnection> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var timeout = Deadline();
            await socket.ConnectAsync(endPoint, timeout.Token);
            return new RawConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends text, each character as one byte.</summary>
    public Task SendAsync(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', '\xFF') >= 0)
            throw new ArgumentException("A character is no byte.", nameof(text));
        return SendAsync(Encoding.Latin1.GetBytes(text));
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var timeout = Deadline();
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, timeout.Token)..];
    }

    /// <summary>Sends a request and reads its response.</summary>
    public async Task<Response> ExchangeAsync(string request)
    {
        await SendAsync(request);
        return await ReadAsync(request.StartsWith("HEAD ", StringComparison.Ordinal) ? "HEAD" : "GET");
    }

    /// <summary>Reads the next response that is not interim.</summary>
    /// <param name="method">The method of the request: a response to HEAD has no body.</param>
    public async Task<Response> ReadAsync(string method = "GET") =>
        await TryReadAsync(method) ?? throw new IOException("The connection was closed without a response.");

    /// <summary>Reads the next response that is not interim; null if the connection ended before its first byte.</summary>
    public async Task<Response?> TryReadAsync(string method = "GET")
    {
        using (var timeout = Deadline())
        {
            try
            {
                if (_start == _end && !await FillAsync(timeout.Token))
                    return null;
            }
            catch (SocketException)
            {
                return null;
            }
        }

        Response head;
        do
            head = await ReadHeadAsync();
        while (head.Status is >= 100 and < 200);
        return await ReadBodyAsync(head, method);
    }

    /// <summary>Reads the status and the headers of the next response, interim or not.</summary>
    public async Task<Response> ReadHeadAsync()
    {
        using var timeout = Deadline();
        var statusLine = await ReadLineAsync(timeout.Token);
        if (!statusLine.StartsWith("HTTP/1.", StringComparison.Ordinal))
            throw new InvalidDataException($"Not a status line: {statusLine}");
        var status = int.Parse(statusLine.AsSpan(9, 3), CultureInfo.InvariantCulture);

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync(timeout.Token) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        return new Response(status, headers, []);
    }

    /// <summary>Reads the body that belongs to a head.</summary>
    public async Task<Response> ReadBodyAsync(Response head, string method = "GET")
    {
        using var timeout = Deadline();
        if (method == "HEAD" || head.Status is < 200 or 204 or 304)
            return head;
        if (head.Header("Transfer-Encoding") is not null)
            return head with { Body = await ReadChunkedAsync(timeout.Token) };
        return head.Header("Content-Length") is { } length
            ? head with { Body = await ReadBytesAsync(int.Parse(length, CultureInfo.InvariantCulture), timeout.Token) }
            : head with { Body = Encoding.Latin1.GetBytes(await ReadToEndAsync()) };
    }

    /// <summary>Reads this many bytes, of whatever they are.</summary>
    public async Task<byte[]> TakeAsync(int count)
    {
        using var timeout = Deadline();
        return await ReadBytesAsync(count, timeout.Token);
    }

    /// <summary>Reads all bytes until the server closes the connection; a reset ends them, too.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var timeout = Deadline();
        var bytes = new ArrayBufferWriter<byte>();
        try
        {
            do
            {
                bytes.Write(_buffer.AsSpan(_start, _end - _start));
                _start = _end;
            }
            while (await FillAsync(timeout.Token));
        }
        catch (SocketException)
        {
            // A server that closes before it has read everything resets the connection.
        }

        return Encoding.Latin1.GetString(bytes.WrittenSpan);
    }

    /// <summary>Sends nothing more; responses can still be read.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Sends nothing more, and reads until the server has closed the connection, too.</summary>
    public async Task<string> EndAsync()
    {
        try
        {
            EndSending();
        }
        catch (SocketException)
        {
            // The server has reset the connection.
        }

        return await ReadToEndAsync();
    }

    /// <summary>Resets the connection, as the system of a client that crashed does.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private static CancellationTokenSource Deadline()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(Timeout);
        return source;
    }

    private async Task<byte[]> ReadChunkedAsync(CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            var size = int.Parse(await ReadLineAsync(cancellationToken), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (size > 0)
                body.Write(await ReadBytesAsync(size, cancellationToken));
            if (await ReadLineAsync(cancellationToken) is not "")
                throw new InvalidDataException("A chunk does not end with an empty line.");
            if (size == 0)
                return body.WrittenSpan.ToArray();
        }
    }

    private async Task<byte[]> ReadBytesAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
                throw new EndOfStreamException($"The response ended after {read} of {count} bytes.");
            var take = Math.Min(count - read, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(read));
            _start += take;
            read += take;
        }

        return bytes;
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
                throw new EndOfStreamException($"The response ended within the line: {line}");
            var c = (char)_buffer[_start++];
            if (c == '\n')
                return line.ToString();
            if (c != '\r')
                line.Append(c);
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = 0;
        _end = await _socket.ReceiveAsync(_buffer, cancellationToken);
        return _end > 0;
    }
}
